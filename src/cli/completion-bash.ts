/** Completion for bash, with what bash itself has: no package is needed. Facts: bash(1), "Programmable Completion". */
import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.ts';
import {
  firstWords,
  isFile,
  optionsByFlag,
  secondWords,
  type CompletionInput,
  type Word,
} from './completion-facts.ts';

export function bashCompletion(input: CompletionInput): string {
  const { commands, families } = input;
  const valued = [...optionsByFlag(input).values()].filter(({ value }) => value !== undefined);
  const paths = [...families.keys(), ...commands.map(({ path }) => path.join(' '))];
  return `# Completion of route-sync for bash, made of its command definitions. Load it in this shell with
#   source <(route-sync completion bash)
# or for everybody: route-sync completion bash > /usr/share/bash-completion/completions/route-sync

_route_sync_files() {
    COMPREPLY=()
    compopt -o default 2> /dev/null
}

_route_sync_words() {
    COMPREPLY=($(compgen -W "$1" -- "$current"))
}

_route_sync() {
    local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path='' word i
    # --option=value comes as three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=\${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        case $word in
            ${valued.map(({ flag }) => flag).join(' | ')})
                ((i++))
                [[ \${COMP_WORDS[i]} == = ]] && ((i++))
                ;;
            -* | =) ;;
            *)
                case "$path $word" in
                    ${paths.map((path) => (path.includes(' ') ? quoted(path) : quoted(` ${path}`))).join(' | ')})
                        path="\${path:+$path }$word"
                        ;;
                esac
                ;;
        esac
    done
    case $previous in
${valueCases(valued)}    esac
    case "$path $current" in
${caseLine("' -'*", words('--help --version'))}${caseLine("' '*", words(wordList(firstWords(input))))}${commands.map(commandCases).join('')}${[...families.keys()].map((family) => caseLine(`'${family} '*`, words(wordList(secondWords(input, family))))).join('')}    esac
}

complete -F _route_sync route-sync
`;
}

/** Options with the same values share a line. */
function valueCases(options: readonly OptionFacts[]): string {
  const byAction = Map.groupBy(options, ({ value }) => actionFor(value));
  return [...byAction]
    .map(([action, same]) => {
      const flags = same.map(({ flag }) => flag).join(' | ');
      return caseLine(flags, action === '' ? 'return' : `${action}; return`);
    })
    .join('');
}

function commandCases({ path, arguments: [first], options }: CommandFacts): string {
  const name = path.join(' ');
  const flags = words([...options.map(({ flag }) => flag), '--help'].join(' '));
  if (first === undefined) {
    return caseLine(`'${name} '*`, flags);
  }
  const values = actionFor(first) || ':';
  return caseLine(`'${name} -'*`, flags) + caseLine(`'${name} '*`, values);
}

function actionFor(value: ValueFacts | undefined): string {
  if (value !== undefined && isFile(value)) {
    return '_route_sync_files';
  }
  const choices = value?.choices ?? [];
  return choices.length === 0 ? '' : words(choices.join(' '));
}

function words(list: string): string {
  return `_route_sync_words '${list}'`;
}

function wordList(list: readonly Word[]): string {
  return list.map(({ word }) => word).join(' ');
}

function caseLine(pattern: string, action: string): string {
  return `        ${pattern}) ${action} ;;\n`;
}

function quoted(text: string): string {
  return `'${text}'`;
}
