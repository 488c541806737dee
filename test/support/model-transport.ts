/** A transport to a simulated router in this process: a dialogue at a time, and as strict about it as a session is. */
import type {
  CliLine,
  Command,
  CommandOutput,
  Dialogue,
  LineAnswer,
} from '../../src/drivers/driver.ts';
import type { SessionDefinition } from '../../src/drivers/session.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { Cli, Reply, Router } from './routers/router.ts';

export interface ModelTransport extends Transport {
  /** Every line that was typed, in order. */
  readonly typed: readonly string[];
  /** Called after each line has had its effect. */
  onLine: (line: string) => void;
  /** Lines that are refused with the words of `refusal`, whatever the router would make of them. */
  refuses: RegExp | undefined;
  refusal: string;
}

/** Logs in at the first command and stays there; a question that nobody expects is an error. */
export function modelTransport(router: Router, session: SessionDefinition): ModelTransport {
  const typed: string[] = [];
  let cli: Cli | undefined;
  const transport: ModelTransport = {
    typed,
    onLine: () => undefined,
    refuses: undefined,
    refusal: '',
    description: 'a simulated router',
    target: 'simulated',
    lockTarget: () => Promise.resolve('simulated'),
    run: (command) => {
      cli ??= login(router, session);
      return Promise.resolve(talk(dialogueIn(command), cli));
    },
    close: () => {
      cli?.hangUp();
      cli = undefined;
      return Promise.resolve();
    },
  };
  return transport;

  function talk(dialogue: Dialogue, at: Cli): CommandOutput {
    if (dialogue.continues !== true) {
      mustStandAt(session.prompt, at);
    }
    const answers: LineAnswer[] = [];
    for (const line of dialogue.lines) {
      const text = transport.refuses?.test(line.text) === true ? transport.refusal : say(at, line);
      typed.push(line.text);
      transport.onLine(line.text);
      const refused = isRefusal(session, line, text);
      answers.push({ line: line.text, text, refused });
      if (refused && dialogue.goesOn !== true) {
        break;
      }
    }
    const refused = answers.some((answer) => answer.refused);
    const stdout = answers.map(({ text }) => text).join('\n');
    return { stdout, stderr: '', exitCode: refused ? 1 : 0, answers };
  }
}

function login(router: Router, session: SessionDefinition): Cli {
  const cli = router.login('route-sync');
  if (session.unprivileged?.prompt.test(lastLine(cli)) === true) {
    const { question } = cli.enter(session.unprivileged.line);
    if (question !== undefined) {
      cli.enter('enable-secret');
    }
  }
  for (const line of session.setup) {
    const text = say(cli, line);
    if (isRefusal(session, line, text)) {
      throw new Error(`set-up line "${line.text}" is refused: ${text}`);
    }
  }
  mustStandAt(session.prompt, cli);
  return cli;
}

function say(cli: Cli, line: CliLine): string {
  const reply = cli.enter(line.text);
  if (line.paste !== undefined) {
    if (reply.reads !== true) {
      return reply.text;
    }
    line.paste
      .replace(/\n$/, '')
      .split('\n')
      .forEach((pasted) => cli.enter(pasted));
    return reply.text + answered(cli, line, cli.control('d'));
  }
  return answered(cli, line, reply);
}

function answered(cli: Cli, line: CliLine, reply: Reply): string {
  const { text, question } = reply;
  if (question === undefined) {
    return text.replace(/\n$/, '');
  }
  const known = line.answers?.find((each) => each.question.test(question));
  if (known === undefined) {
    throw new Error(`"${line.text}" raises the question "${question}" that nobody expects`);
  }
  return text + answered(cli, line, cli.enter(known.answer));
}

function isRefusal(session: SessionDefinition, line: CliLine, text: string): boolean {
  const lines = text.split('\n').filter((each) => !session.chatter.some((word) => word.test(each)));
  const isFailure = lines.some((each) => session.failures.some((failure) => failure.test(each)));
  return isFailure && line.harmless?.test(text) !== true;
}

function mustStandAt(prompt: RegExp, cli: Cli): void {
  if (!prompt.test(lastLine(cli))) {
    throw new Error(`the router stands at "${cli.prompt()}", which is not ${prompt.source}`);
  }
}

function lastLine(cli: Cli): string {
  return cli.prompt().split('\n').at(-1) ?? '';
}

function dialogueIn(command: Command): Dialogue {
  if ('lines' in command) {
    return command;
  }
  throw new Error(`a program was given to a router's CLI: ${command.argv.join(' ')}`);
}
