import { commandPaths, type Option, type Place } from './places.ts';

/** Completes the name of a file. */
const FILES = `compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"))`;

/** For bash 3.2 (macOS) and newer. */
export function bashScript(bin: string, places: Place[]): string {
  const name = `_${bin}`;
  return `# bash completion for ${bin}
${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' words='' options='' files='' word i
  COMPREPLY=()

  # Bash takes --option=value apart at the equals sign.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi

  # The words up to the first option name the command.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${command:+$command }$word" in
      ${commandPaths(places).map(quote).join('|')}) command="\${command:+$command }$word" ;;
      *) break ;;
    esac
  done

  case "$command:$previous" in
${places.flatMap(({ path, options }) => options.map((option) => valueCase(path, option))).join('')}  esac

  case "$command" in
${places.map(placeCase).join('')}  esac

  if [[ -n $files && $current != -* ]]; then
    ${FILES}
    return
  fi
  [[ $current == -* || -z $words ]] && words="$options"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F ${name} ${bin}`;
}

function valueCase(path: string, { words, value }: Option): string {
  if (value === 'none') return '';
  const pattern = words.map((word) => quote(`${path}:${word}`)).join('|');
  return `    ${pattern}) ${completeValue(value)}return ;;\n`;
}

function completeValue(value: Option['value']): string {
  if (value === 'file') return `${FILES}; `;
  if (Array.isArray(value)) {
    return `COMPREPLY=($(compgen -W ${quote(value.join(' '))} -- "$current")); `;
  }
  return '';
}

function placeCase({ path, words, options, files }: Place): string {
  const flags = options.flatMap((option) => option.words.filter((word) => word.startsWith('--')));
  return `    ${quote(path)})
      words=${quote(words.map(({ word }) => word).join(' '))}
      options=${quote(flags.join(' '))}${files ? ' files=yes' : ''} ;;
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
