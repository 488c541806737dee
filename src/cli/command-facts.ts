/** What the documents and the shells' completion need to know of the commands, read from the tree of commander. */
import type { Argument, Command, Option } from 'commander';

export interface CommandFacts {
  /** `['journal', 'verify']`. */
  readonly path: readonly string[];
  /** The heading under which the help lists it, without its colon. */
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ValueFacts[];
  readonly options: readonly OptionFacts[];
}

/** A value that the user types. */
export interface ValueFacts {
  /** What stands for it: `file`. */
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  /** May be given several times. */
  readonly isRepeatable: boolean;
}

export interface OptionFacts {
  /** `--config`. */
  readonly flag: string;
  readonly description: string;
  /** Undefined for a switch. */
  readonly value: ValueFacts | undefined;
  /** As text; undefined where it says nothing. */
  readonly defaultText: string | undefined;
  readonly isRequired: boolean;
  /** It stands under a heading of its own, as it is not this command's alone. */
  readonly isCommon: boolean;
}

/** Every command that does something, those that are only a word before others left out. */
export function commandFacts(tree: Command): readonly CommandFacts[] {
  return tree.commands.flatMap((command) => below(command, []));
}

/** The words that come before further commands: `journal`, with what is said of it. */
export function commandFamilies(tree: Command): ReadonlyMap<string, string> {
  const families = tree.commands.filter(({ commands }) => commands.length > 0);
  return new Map(families.map((family) => [family.name(), family.description()]));
}

/** The options of the command alone. */
export function ownOptions({ options }: CommandFacts): readonly OptionFacts[] {
  return options.filter(({ isCommon }) => !isCommon);
}

/** The options that it shares with others. */
export function sharedOptions({ options }: CommandFacts): readonly OptionFacts[] {
  return options.filter(({ isCommon }) => isCommon);
}

/** The options that most commands have. */
export function commonOptions(commands: readonly CommandFacts[]): readonly OptionFacts[] {
  const [most = []] = commands.map(sharedOptions).sort((a, b) => b.length - a.length);
  return most;
}

/** What is said of a command that does not take them all; undefined where it does. */
export function sharedNote(
  command: CommandFacts,
  common: readonly OptionFacts[],
): string | undefined {
  const shared = sharedOptions(command);
  if (shared.length === common.length) {
    return undefined;
  }
  const flags = shared.map(({ flag }) => `\`${flag}\``).join(' and ');
  return flags === ''
    ? 'It takes none of the common options.'
    : `Of the common options it takes ${flags}.`;
}

/** How the command is called: `undo [options] <run>` without the options. */
export function usageOf({ path, arguments: values, options }: CommandFacts): string {
  const required = options.filter(({ isRequired }) => isRequired);
  return [...path, ...required.map(optionText), ...values.map(valueText)].join(' ');
}

/** `--config FILE`. */
export function optionText({ flag, value }: OptionFacts): string {
  return value === undefined ? flag : `${flag} ${placeholder(value)}`;
}

/** What it does, with its choices and its default. */
export function meaningOf({ description, value, defaultText }: OptionFacts): string {
  const choices = value?.choices ?? [];
  const remarks = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
  ];
  return remarks.length === 0 ? description : `${description} (${remarks.join('; ')})`;
}

/** `FILE`, as the documents write what the user puts in. */
export function placeholder({ name }: Pick<ValueFacts, 'name'>): string {
  return name.toUpperCase();
}

function valueText(value: ValueFacts): string {
  const text = `${placeholder(value)}${value.isRepeatable ? '...' : ''}`;
  return value.isRequired ? text : `[${text}]`;
}

function below(command: Command, parents: readonly string[], group?: string): CommandFacts[] {
  const path = [...parents, command.name()];
  const heading = group ?? command.helpGroup().replace(/:$/, '');
  if (command.commands.length > 0) {
    return command.commands.flatMap((child) => below(child, path, heading));
  }
  const description = command.description();
  return [
    {
      path,
      group: heading,
      summary: command.summary() || description,
      description,
      arguments: command.registeredArguments.map(argumentFacts),
      options: command.options.map(optionFacts),
    },
  ];
}

function argumentFacts(argument: Argument): ValueFacts {
  return {
    name: argument.name(),
    description: argument.description,
    choices: argument.argChoices ?? [],
    isRequired: argument.required,
    isRepeatable: argument.variadic,
  };
}

/** What is known of one option. */
export function optionFacts(option: Option): OptionFacts {
  const { description, argChoices = [], helpGroupHeading = '' } = option;
  const value: unknown = option.defaultValue;
  const name = /<(.+)>/.exec(option.flags)?.[1];
  const isRepeatable = Array.isArray(value);
  const isRequired = true;
  return {
    flag: option.long ?? '',
    description,
    value:
      name === undefined
        ? undefined
        : { name, description, choices: argChoices, isRequired, isRepeatable },
    defaultText: option.defaultValueDescription ?? textOf(value),
    isRequired: option.mandatory,
    isCommon: helpGroupHeading !== '',
  };
}

/** A switch that is off and a list that is empty say nothing. */
function textOf(value: unknown): string | undefined {
  return ['string', 'number'].includes(typeof value) && value !== '' ? String(value) : undefined;
}
