import { commandPaths, type Option, type Place } from './places.ts';

export function fishScript(bin: string, places: Place[]): string {
  const command = `__${bin}_command`;
  const at = `__${bin}_at`;
  return `# fish completion for ${bin}

# Prints the command words typed so far; those up to the first option name the command.
function ${command}
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    for word in $words
        contains -- (string join ' ' -- $command $word) ${commandPaths(places).map(quote).join(' ')}
        or break
        set command $command $word
    end
    string join ' ' -- $command
end

function ${at}
    set -l command (${command})
    test "$command" = "$argv[1]"
end

complete -c ${bin} -e
complete -c ${bin} -f
${places.flatMap((place) => completions(bin, `${at} ${quote(place.path)}`, place)).join('\n')}`;
}

function completions(bin: string, condition: string, { words, options, files }: Place): string[] {
  const start = `complete -c ${bin} -n ${quote(condition)}`;
  return [
    ...(files ? [`${start} -F`] : []),
    ...words.map(({ word, summary }) => `${start} -a ${quote(word)}${meaning(summary)}`),
    ...options.map(
      (option) => `${start} ${names(option)}${value(option)}${meaning(option.summary)}`,
    ),
  ];
}

function names({ words }: Option): string {
  return words
    .map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`))
    .join(' ');
}

function value({ value }: Option): string {
  if (value === 'none') return '';
  if (value === 'file') return ' -r -F';
  return Array.isArray(value) ? ` -x -a ${quote(value.join(' '))}` : ' -x';
}

function meaning(summary: string): string {
  return summary ? ` -d ${quote(summary)}` : '';
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
