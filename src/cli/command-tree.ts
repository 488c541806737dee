/**
 * The commands: names, arguments, options, and which file does the work. Help, docs/cli.md, the man page and the shells'
 * completion are all made of this tree; it can be built, and looked at, without anything to run.
 */
import { Argument, Command, Option, type OutputConfiguration } from 'commander';

import { meaningOf, optionFacts } from './command-facts.ts';
import {
  asking,
  common,
  logging,
  osOption,
  parseNumber,
  quietOption,
  waitOption,
} from './command-options.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { SHELLS, type Shell } from './shells.ts';
import { version } from './version.ts';

/** What a command does, once it is chosen and its options are read. */
export type Work = (context: CommandContext) => Promise<ExitCode>;

export interface TreeOptions {
  /** Called with the work of the command that was chosen. */
  readonly run?: (work: Work) => void;
  /** Where help and complaints go. */
  readonly output?: OutputConfiguration;
}

type Run = NonNullable<TreeOptions['run']>;

/** The whole command line. */
export function commandTree({ run = () => undefined, output = {} }: TreeOptions = {}): Command {
  const program = new Command('route-sync')
    .description(
      'Keeps the static routes of upstream routers in step with the OpenStack Neutron routers that do no NAT.',
    )
    .version(version())
    .exitOverride()
    .configureOutput(output)
    .configureHelp({ optionDescription: (option) => meaningOf(optionFacts(option)) })
    .showHelpAfterError('(route-sync --help shows the commands)');
  planLikeCommands(program.commandsGroup('From the cloud to the routers:'), run);
  lookCommands(program.commandsGroup('Look:'), run);
  handCommands(program.commandsGroup('By hand:'), run);
  offlineCommands(program.commandsGroup('Without cloud and router:'), run);
  moreCommands(program.commandsGroup('More:').helpCommand(true), run);
  return program;
}

function planLikeCommands(program: Command, run: Run): void {
  const init = program
    .command('init')
    .argument('[file]', 'the file to write; it must not exist yet', 'route-sync.yaml')
    .summary('write a first configuration from what the cloud shows')
    .description(
      'Asks the cloud for its external networks and for the subnets behind routers that do no NAT, and writes a commented configuration that plan works with as it stands. It is a proposal: review policy.allow. Nothing is overwritten.',
    )
    .addOption(osOption().default('linux'))
    .option('--host <host>', 'the router over SSH: a name, an address or a Host of ssh_config')
    .addOption(
      new Option('--nat-model <model>', 'for clouds whose API does not tell who does the NAT')
        .choices(['auto', 'ovs', 'ovn'])
        .default('auto'),
    )
    .option('--print', 'to stdout, not into a file', false);
  logging(init).action((file: string, options) =>
    run(async (context) => (await import('./init.ts')).initCommand(context, { ...options, file })),
  );
  const plan = program
    .command('plan')
    .summary('show what would change and why; writes nothing')
    .description('Shows what would change and why. Reads everything, writes nothing.')
    .option('--force', 'show what would happen past the guard', false)
    .option('--detailed-exitcode', 'exit 2 when changes are pending', false)
    .addOption(quietOption('nothing is pending'));
  common(plan).action((options) =>
    run(async (context) => (await import('./plan.ts')).planCommand(context, options)),
  );
  const apply = program
    .command('apply')
    .summary('plan, guard, push and verify once')
    .description('Plans, asks the guard, pushes and verifies, once.')
    .option('--force', 'past the guard, once', false)
    .option(
      '--plan <file>',
      'apply exactly this plan, as plan --output json wrote it; refused when it is not what would be done now (PLAN_STALE) or was edited (PLAN_INVALID)',
    )
    .addOption(waitOption())
    .addOption(quietOption('nothing was changed'));
  common(apply).action((options) =>
    run(async (context) => (await import('./apply.ts')).applyCommand(context, options)),
  );
  const agent = program
    .command('run')
    .summary('the agent: apply on a schedule')
    .description(
      'The agent: applies on a schedule. SIGTERM and SIGINT end it after the cycle under way; SIGHUP reloads the configuration and keeps the old one if the new is bad.',
    );
  common(agent).action((options) =>
    run(async (context) => (await import('./run.ts')).runCommand(context, options)),
  );
}

function lookCommands(program: Command, run: Run): void {
  const explain = program
    .command('explain')
    .argument('<what>', 'a prefix, an address, or the id or name of a router or subnet')
    .summary('every rule passed or failed for what is announced and what is not')
    .description('Shows every rule passed or failed for what is announced and what is not.');
  common(explain).action((what: string, options) =>
    run(async (context) =>
      (await import('./explain.ts')).explainCommand(context, { ...options, what }),
    ),
  );
  const check = program
    .command('check')
    .summary('configuration, credentials, visibility, reach and rights')
    .description(
      'Checks configuration, state directory, credentials and visibility, and reach and rights on every upstream. Changes nothing.',
    );
  common(check).action((options) =>
    run(async (context) => (await import('./check.ts')).checkCommand(context, options)),
  );
  const status = program
    .command('status')
    .summary('what the last cycles did, what is held and why')
    .description('Shows what the last cycles did, what is held and why.');
  common(status).action((options) =>
    run(async (context) => (await import('./status.ts')).statusCommand(context, options)),
  );
  const health = program
    .command('health')
    .summary('whether the agent is ready')
    .description(
      'Is the agent ready? Asks its /readyz where the configuration says it listens; 0 if it is, 1 if not.',
    );
  common(health).action((options) =>
    run(async (context) => (await import('./health.ts')).healthCommand(context, options)),
  );
  journalCommands(program.command('journal').description('what was done, by whom and why'), run);
}

function journalCommands(journal: Command, run: Run): void {
  const verify = journal
    .command('verify')
    .summary('walk the whole hash chain')
    .description('Walks the whole hash chain of each journal.');
  common(verify).action((options) =>
    run(async (context) => (await import('./journal.ts')).journalVerifyCommand(context, options)),
  );
  const show = journal
    .command('show')
    .argument('[run]', 'show the changes of this run')
    .summary('list the runs, or the changes of one')
    .description('Lists the runs, or the changes of one.');
  common(show).action((id: string | undefined, options) =>
    run(async (context) =>
      (await import('./journal.ts')).journalShowCommand(context, { ...options, run: id }),
    ),
  );
}

/** What a person does by hand. */
function handCommands(program: Command, run: Run): void {
  const adopt = program
    .command('adopt')
    .argument('[prefix...]', 'take over the hand-made routes of these prefixes as they stand')
    .summary('make hand-made routes ours where the cloud wants the same prefix')
    .description('Makes hand-made routes ours where the cloud wants the same prefix.')
    .option('--all', 'every hand-made route that leads where the cloud wants it', false);
  asking(adopt).action((prefixes: readonly string[], options) =>
    run(async (context) =>
      (await import('./adopt.ts')).adoptCommand(context, { ...options, prefixes }),
    ),
  );
  const undo = program
    .command('undo')
    .argument('<run>', 'the id of a run, as status and journal show it')
    .summary('take one journalled run back')
    .description('Takes one journalled run back.')
    .option(
      '--freeze',
      'and throw the kill switch, so that the agent does not bring it back',
      false,
    );
  asking(undo).action((id: string, options) =>
    run(async (context) =>
      (await import('./undo.ts')).undoCommand(context, { ...options, run: id }),
    ),
  );
  const purge = program
    .command('purge')
    .summary('remove everything that carries our mark from the upstreams')
    .description('Removes everything that carries our mark from the upstreams.');
  asking(purge).action((options) =>
    run(async (context) => (await import('./purge.ts')).purgeCommand(context, options)),
  );
  const freeze = program
    .command('freeze')
    .summary('the kill switch: nothing is written to any upstream')
    .description('The kill switch: nothing is written to any upstream until unfreeze.')
    .option('--reason <text>', 'why, for whoever meets it', '');
  common(freeze).action((options) =>
    run(async (context) => (await import('./freeze.ts')).freezeCommand(context, options)),
  );
  const unfreeze = program
    .command('unfreeze')
    .summary('end the freeze')
    .description('Ends the freeze.');
  common(unfreeze).action((options) =>
    run(async (context) => (await import('./freeze.ts')).unfreezeCommand(context, options)),
  );
}

/** What needs neither cloud nor router. */
function offlineCommands(program: Command, run: Run): void {
  program
    .command('render')
    .summary('the exact lines that given changes would be sent as')
    .description('Prints the exact lines that given changes would be sent as.')
    .addOption(osOption().makeOptionMandatory())
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
    .action((options) =>
      run(async (context) => (await import('./render.ts')).renderCommand(context, options)),
    );
  program
    .command('parse')
    .argument(
      '[file]',
      'configuration or routing table as the router prints it; default: stdin',
      '-',
    )
    .summary('the static routes in given output of a router, as JSON')
    .description('Prints the static routes in given output of a router, as JSON.')
    .addOption(osOption().makeOptionMandatory())
    .action((file: string, options) =>
      run(async (context) =>
        (await import('./parse.ts')).parseCommand(context, { ...options, file }),
      ),
    );
  program
    .command('demo')
    .summary('the whole way on an embedded cloud and upstream')
    .description('Goes the whole way on an embedded cloud and upstream, and leaves nothing behind.')
    .action(() => run(async (context) => (await import('./demo.ts')).demoCommand(context)));
}

function moreCommands(program: Command, run: Run): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(SHELLS))
    .summary('print the completion script of a shell')
    .description(
      'Prints the completion script of a shell. For this shell alone: source <(route-sync completion bash).',
    )
    .action((shell: Shell) =>
      run(async (context) => (await import('./completion.ts')).completionCommand(context, shell)),
    );
}
