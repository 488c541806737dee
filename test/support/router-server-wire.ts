/** A way to a simulated router in this process, for sessions without SSH. */
import type { CliWire } from '../../src/transport/cli-wire.ts';
import type { Cli } from './routers/router.ts';
import { type Terminal, terminalOf, type TerminalOptions } from './router-server-terminal.ts';

export interface ModelWire extends CliWire {
  readonly terminal: Terminal;
  /** Everything that the client typed. */
  typed(): string;
}

/** One login; the router reads and writes each piece in a turn of its own. */
export function modelWire(cli: Cli, options: TerminalOptions): ModelWire {
  const pieces: string[] = [];
  let typed = '';
  let isOver = false;
  let wake = (): void => undefined;
  const output = {
    write: (text: string): void => {
      pieces.push(text);
      wake();
    },
    end: (): void => {
      isOver = true;
      wake();
    },
  };
  const terminal = terminalOf(cli, output, options);

  async function* chunks(): AsyncIterable<string> {
    for (;;) {
      const piece = pieces.shift();
      if (piece !== undefined) {
        yield piece;
        await new Promise((resolve) => void setImmediate(resolve));
      } else if (isOver) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    terminal,
    typed: () => typed,
    write: (text) => {
      typed += text;
      setImmediate(() => terminal.input(text));
    },
    chunks: chunks(),
    failure: () => undefined,
    rest: () => undefined,
    close: async () => {
      terminal.hangUp();
      output.end();
    },
  };
}
