/** The command line: names, options, help; every command's own work is in its own file. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { RouteSyncError } from '../errors.ts';
import { ROUTER_OSES } from '../drivers/index.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import { escapeText } from '../report/escape.ts';
import type { CommandContext, CommonOptions } from './context.ts';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-code.ts';
import { version } from './version.ts';

type Run = (code: Promise<ExitCode>) => void;

/** Runs one command line; resolves with the exit code and never rejects. */
export async function runProgram(
  argv: readonly string[],
  context: CommandContext,
): Promise<ExitCode> {
  let running: Promise<ExitCode> = Promise.resolve(EXIT.ok);
  const program = buildProgram(context, (code) => {
    running = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return await running;
  } catch (error) {
    return report(error, context);
  }
}

function report(error: unknown, context: CommandContext): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const known = error instanceof RouteSyncError || error instanceof OpenStackError;
  if (!known) {
    context.log.error('a defect of route-sync', { code: 'INTERNAL', error });
    return EXIT.failure;
  }
  const { path, problems } = error.details;
  const lines = Array.isArray(problems)
    ? problems.map((problem) => `${String(path)}: ${String(problem)}`)
    : [error.message];
  lines.forEach((line) => context.complain(`route-sync: ${escapeText(line)} (${error.code})\n`));
  context.log.debug('because', { error });
  return exitCodeOfError(error);
}

function buildProgram(context: CommandContext, run: Run): Command {
  const program = new Command('route-sync')
    .description(
      'Keeps the static routes of upstream routers in step with the OpenStack Neutron routers that do no NAT.',
    )
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: context.print, writeErr: context.complain })
    .showHelpAfterError('(route-sync --help shows the commands)');
  planLikeCommands(program, context, run);
  agentCommands(program, context, run);
  handCommands(program, context, run);
  freezeCommands(program, context, run);
  lookCommands(program, context, run);
  offlineCommands(program, context, run);
  return program;
}

function planLikeCommands(program: Command, context: CommandContext, run: Run): void {
  common(program.command('plan'))
    .description('show what would change and why; reads everything, writes nothing')
    .option('--force', 'show what would happen past the guard', false)
    .option('--detailed-exitcode', 'exit 2 when changes are pending', false)
    .action(async (options) => {
      const { planCommand } = await import('./plan.ts');
      run(planCommand(context, options));
    });
  common(program.command('apply'))
    .description('plan, guard, push and verify once')
    .option('--force', 'past the guard, once', false)
    .option('--plan <file>', 'apply exactly this reviewed plan (JSON); refused when stale')
    .addOption(waitOption())
    .action(async (options) => {
      const { applyCommand } = await import('./apply.ts');
      run(applyCommand(context, options));
    });
}

function agentCommands(program: Command, context: CommandContext, run: Run): void {
  common(program.command('run'))
    .description('the agent: apply on a schedule until SIGTERM; SIGHUP reloads the configuration')
    .action(async (options) => {
      const { runCommand } = await import('./run.ts');
      run(runCommand(context, options));
    });
  program
    .command('demo')
    .description('the whole way on an embedded cloud and upstream')
    .action(async () => {
      const { demoCommand } = await import('./demo.ts');
      run(demoCommand(context));
    });
}

/** What a person does by hand; each asks first. */
function handCommands(program: Command, context: CommandContext, run: Run): void {
  asking(program.command('adopt'))
    .argument('[prefix...]', 'take over the hand-made routes of these prefixes as they stand')
    .option('--all', 'every hand-made route that leads where the cloud wants it', false)
    .description('make hand-made routes ours where the cloud wants the same prefix')
    .action(async (prefixes: readonly string[], options) => {
      const { adoptCommand } = await import('./adopt.ts');
      run(adoptCommand(context, { ...options, prefixes }));
    });
  asking(program.command('undo'))
    .argument('<run>', 'the id of a run, as status and journal show it')
    .option(
      '--freeze',
      'and throw the kill switch, so that the agent does not bring it back',
      false,
    )
    .description('take one journalled run back')
    .action(async (id: string, options) => {
      const { undoCommand } = await import('./undo.ts');
      run(undoCommand(context, { ...options, run: id }));
    });
  asking(program.command('purge'))
    .description('remove everything that carries our mark from the upstreams')
    .action(async (options) => {
      const { purgeCommand } = await import('./purge.ts');
      run(purgeCommand(context, options));
    });
}

function asking(command: Command): Command {
  return common(command).option('--yes', 'do not ask', false).addOption(waitOption());
}

function freezeCommands(program: Command, context: CommandContext, run: Run): void {
  common(program.command('freeze'))
    .description('the kill switch: nothing is written to any upstream until unfreeze')
    .option('--reason <text>', 'why, for whoever meets it', '')
    .action(async (options) => {
      const { freezeCommand } = await import('./freeze.ts');
      run(freezeCommand(context, options));
    });
  common(program.command('unfreeze'))
    .description('ends the freeze')
    .action(async (options) => {
      const { unfreezeCommand } = await import('./freeze.ts');
      run(unfreezeCommand(context, options));
    });
}

function lookCommands(program: Command, context: CommandContext, run: Run): void {
  common(program.command('explain'))
    .argument('<what>', 'a prefix, an address, or the id or name of a router or subnet')
    .description('every rule passed or failed for what is announced and what is not')
    .action(async (what: string, options) => {
      const { explainCommand } = await import('./explain.ts');
      run(explainCommand(context, { ...options, what }));
    });
  common(program.command('check'))
    .description('configuration, credentials, visibility, and reach and rights on every upstream')
    .action(async (options) => {
      const { checkCommand } = await import('./check.ts');
      run(checkCommand(context, options));
    });
  common(program.command('status'))
    .description('what the last cycles did, what is held and why')
    .action(async (options) => {
      const { statusCommand } = await import('./status.ts');
      run(statusCommand(context, options));
    });
  journalCommands(
    program.command('journal').description('what was done, by whom and why'),
    context,
    run,
  );
}

/** What needs neither cloud nor router. */
function offlineCommands(program: Command, context: CommandContext, run: Run): void {
  withOs(program.command('render'))
    .description('the exact lines that given changes would be sent as')
    .requiredOption('--routes <file>', 'the changes as JSON (docs/cli.md), or - for stdin')
    .option('--protocol <number>', 'linux: the route protocol number', parseNumber)
    .option(
      '--tag <number>',
      'the tag that is the mark, in place of the one made of the owner',
      parseNumber,
    )
    .option('--mark-name <name>', 'the name that is the mark, likewise')
    .option('--dialect <name>', 'which CLI, where the OS has several')
    .option(
      '--confirm-seconds <seconds>',
      'how long a commit waits for its confirmation; 0 for none',
      parseNumber,
    )
    .action(async (options) => {
      const { renderCommand } = await import('./render.ts');
      run(renderCommand(context, options));
    });
  withOs(program.command('parse'))
    .argument(
      '[file]',
      'configuration or routing table as the router prints it; default: stdin',
      '-',
    )
    .description('the static routes in given output of a router, as JSON')
    .action(async (file: string, options) => {
      const { parseCommand } = await import('./parse.ts');
      run(parseCommand(context, { ...options, file }));
    });
}

function withOs(command: Command): Command {
  return command.addOption(
    new Option('--os <os>', 'the router OS').choices(ROUTER_OSES).makeOptionMandatory(),
  );
}

function journalCommands(journal: Command, context: CommandContext, run: Run): void {
  common(journal.command('verify'))
    .description('walk the whole hash chain')
    .action(async (options) => {
      const { journalVerifyCommand } = await import('./journal.ts');
      run(journalVerifyCommand(context, options));
    });
  common(journal.command('show'))
    .argument('[run]', 'show the changes of this run')
    .description('list the runs, or the changes of one')
    .action(async (id: string | undefined, options) => {
      const { journalShowCommand } = await import('./journal.ts');
      run(journalShowCommand(context, { ...options, run: id }));
    });
}

function common(command: Command): Command {
  const output: CommonOptions['output'] = 'text';
  return command
    .option('--config <file>', 'default: ./route-sync.yaml, then /etc/route-sync/route-sync.yaml')
    .option('--upstream <name>', 'only this upstream (repeatable)', collect, [])
    .addOption(
      new Option('--output <format>', 'how to print the result')
        .choices(['text', 'json', 'markdown'])
        .default(output),
    )
    .option('--verbose', 'more in the report and in the log', false);
}

function waitOption(): Option {
  return new Option('--wait <seconds>', 'how long to wait for another route-sync on the upstream')
    .argParser(parseSeconds)
    .default(0);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,5}$/.test(text)) {
    throw new InvalidArgumentError('A whole number of seconds, at most 99999.');
  }
  return seconds;
}

function parseNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) {
    throw new InvalidArgumentError('A whole number.');
  }
  return Number(text);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
