/** An SSH server that asks for a password and then runs commands by a local shell; for logins that sshd needs PAM for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';

import ssh2, { type AuthContext, type KeyboardAuthContext, type Session } from 'ssh2';

export interface PasswordServer {
  readonly port: number;
  /** Every answer that a client gave, in order. */
  readonly answers: readonly string[];
  close(): Promise<void>;
}

export interface PasswordServerOptions {
  readonly hostKeyFile: string;
  readonly password: string;
  /** How it asks; a list is what keyboard-interactive asks for. */
  readonly ask: 'password' | readonly string[];
  /** Called when the answers are there, before they are judged. */
  readonly onAnswer?: () => void;
}

export async function startPasswordServer(options: PasswordServerOptions): Promise<PasswordServer> {
  const answers: string[] = [];
  const hostKeys = [await readFile(options.hostKeyFile)];
  const clients = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys }, (client) => {
    clients.add(client);
    client
      .on('authentication', (context) => judge(context, options, answers))
      .on('session', (accept) => serve(accept()))
      .on('error', () => undefined)
      .on('close', () => clients.delete(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    answers,
    close: async () => {
      clients.forEach((client) => client.end());
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function judge(context: AuthContext, options: PasswordServerOptions, answers: string[]): void {
  const { ask, password, onAnswer } = options;
  if (ask === 'password' && context.method === 'password') {
    answers.push(context.password);
    onAnswer?.();
    return context.password === password ? context.accept() : context.reject(['password']);
  }
  if (ask !== 'password' && context.method === 'keyboard-interactive') {
    return question(context, options, answers);
  }
  return context.reject([ask === 'password' ? 'password' : 'keyboard-interactive']);
}

function question(
  context: KeyboardAuthContext,
  { ask, password, onAnswer }: PasswordServerOptions,
  answers: string[],
): void {
  const prompts = typeof ask === 'string' ? [] : ask.map((prompt) => ({ prompt, echo: false }));
  context.prompt(prompts, (given) => {
    answers.push(...given);
    onAnswer?.();
    if (given.every((answer) => answer === password)) {
      context.accept();
    } else {
      context.reject(['keyboard-interactive']);
    }
  });
}

function serve(session: Session): void {
  session.on('exec', (accept, _reject, { command }) => {
    const stream = accept();
    const child = spawn('sh', ['-c', command]);
    stream.pipe(child.stdin);
    child.stdout.on('data', (data: Buffer) => stream.write(data));
    child.stderr.on('data', (data: Buffer) => stream.stderr.write(data));
    child.on('close', (code) => {
      stream.exit(code ?? 1);
      stream.end();
    });
  });
}
