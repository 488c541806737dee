/** Completion for zsh. Facts: zshcompsys(1), "_arguments" and "_describe". */
import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.ts';
import {
  firstWords,
  isFile,
  secondWords,
  type CompletionInput,
  type Word,
} from './completion-facts.ts';

const HELP = quoted('(- *)--help[show the help of the command]');

export function zshCompletion(input: CompletionInput): string {
  const { commands, families } = input;
  const cases = commands.filter(({ path }) => path.length === 1).map(commandCase);
  return `#compdef route-sync
# Completion of route-sync for zsh, made of its command definitions. Load it in this shell with
#   source <(route-sync completion zsh)
# or for everybody, into a folder of $fpath: route-sync completion zsh > _route-sync

_route-sync() {
    local curcontext=$curcontext context state state_descr line
    local -A opt_args
    _arguments -C \\
        ${HELP} \\
        '(- *)--version[show the version]' \\
        '1: :->command' \\
        '*:: :->rest' && return
    case $state in
        command) ${describe(firstWords(input))} ;;
        rest)
            case $words[1] in
${cases.join('')}${[...families.keys()].map((family) => `                ${family}) _route-sync_${family} ;;\n`).join('')}            esac
            ;;
    esac
}
${[...families.keys()].map((family) => familyFunction(input, family)).join('')}
if [[ $funcstack[1] == _route-sync ]]; then
    _route-sync "$@"
else
    compdef _route-sync route-sync
fi
`;
}

function familyFunction(input: CompletionInput, family: string): string {
  const children = input.commands.filter(
    ({ path: [first, second] }) => first === family && second !== undefined,
  );
  return `
_route-sync_${family}() {
    local curcontext=$curcontext context state state_descr line
    local -A opt_args
    _arguments -C \\
        ${HELP} \\
        '1: :->command' \\
        '*:: :->rest' && return
    case $state in
        command) ${describe(secondWords(input, family))} ;;
        rest)
            case $words[1] in
${children.map(commandCase).join('')}            esac
            ;;
    esac
}
`;
}

function commandCase({ path, arguments: values, options }: CommandFacts): string {
  const specs = [HELP, ...options.map(optionSpec), ...values.map(argumentSpec)];
  const lines = specs.map((spec) => `                        ${spec}`).join(' \\\n');
  return `                ${path.at(-1) ?? ''})
                    _arguments \\
${lines}
                    ;;
`;
}

function optionSpec({ flag, value, description }: OptionFacts): string {
  const text = description.replace(/[[\]\\]/g, String.raw`\$&`);
  return value === undefined
    ? quoted(`${flag}[${text}]`)
    : quoted(`${value.isRepeatable ? '*' : ''}${flag}=[${text}]:${value.name}:${actionFor(value)}`);
}

function argumentSpec(value: ValueFacts): string {
  const place = value.isRepeatable ? '*' : value.isRequired ? '' : ':';
  return quoted(`${place}:${value.name}:${actionFor(value)}`);
}

/** A single space proposes nothing. */
function actionFor(value: ValueFacts): string {
  if (isFile(value)) {
    return '_files';
  }
  return value.choices.length === 0 ? ' ' : `(${value.choices.join(' ')})`;
}

function describe(words: readonly Word[]): string {
  const entries = words.map(({ word, meaning }) =>
    quoted(`${word}:${meaning.replace(/[:\\]/g, String.raw`\$&`)}`),
  );
  return `local -a commands=(${entries.join(' ')}) && _describe -t commands command commands`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
