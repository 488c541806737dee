/** Completion for fish. Facts: fish(1), complete(1), commandline(1). */
import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.ts';
import {
  firstWords,
  isFile,
  optionsByFlag,
  secondWords,
  type CompletionInput,
  type Word,
} from './completion-facts.ts';

export function fishCompletion(input: CompletionInput): string {
  const { commands, families } = input;
  const valued = [...optionsByFlag(input).values()].filter(({ value }) => value !== undefined);
  const paths = [...families.keys(), ...commands.map(({ path }) => path.join(' '))];
  const lines = [
    ...firstWords(input).map((word) => wordLine('', word)),
    line('', `-l version -d ${quoted('show the version')}`),
    `complete -c route-sync -l help -d ${quoted('show the help of the command')}`,
    ...[...families.keys()].flatMap((family) =>
      secondWords(input, family).map((word) => wordLine(family, word)),
    ),
    ...commands.flatMap(commandLines),
  ];
  return `# Completion of route-sync for fish, made of its command definitions. Load it in this shell with
#   route-sync completion fish | source
# or for yourself: route-sync completion fish > ~/.config/fish/completions/route-sync.fish

function __route_sync_path
    set -l path ''
    set -l is_value no
    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch $word
            case ${valued.map(({ flag }) => flag).join(' ')}
                set is_value yes
            case '-*'
            case '*'
                switch "$path $word"
                    case ${paths.map((path) => quoted(path.includes(' ') ? path : ` ${path}`)).join(' ')}
                        set path (string trim -- "$path $word")
                end
        end
    end
    echo $path
end

function __route_sync_at
    test "$argv" = "$(__route_sync_path)"
end

complete -c route-sync -f
${lines.join('\n')}
`;
}

function commandLines({ path, arguments: [first], options }: CommandFacts): readonly string[] {
  const name = path.join(' ');
  return [
    ...options.map((option) => optionLine(name, option)),
    ...(first === undefined ? [] : argumentLines(name, first)),
  ];
}

function optionLine(path: string, { flag, value, description }: OptionFacts): string {
  const words = value?.choices.join(' ') ?? '';
  const kind = value === undefined ? '' : isFile(value) ? ' -r -F' : ' -x';
  const proposals = words === '' ? '' : ` -a ${quoted(words)}`;
  return line(path, `-l ${flag.slice(2)}${kind}${proposals} -d ${quoted(description)}`);
}

function argumentLines(path: string, value: ValueFacts): readonly string[] {
  if (isFile(value)) {
    return [line(path, '-F')];
  }
  return value.choices.length === 0 ? [] : [line(path, `-a ${quoted(value.choices.join(' '))}`)];
}

function wordLine(path: string, { word, meaning }: Word): string {
  return line(path, `-a ${word} -d ${quoted(meaning)}`);
}

function line(path: string, rest: string): string {
  return `complete -c route-sync -n ${quoted(`__route_sync_at ${path}`.trim())} ${rest}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}
