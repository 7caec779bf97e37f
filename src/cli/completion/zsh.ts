import { commandPaths, type Option, type Place } from './places.ts';

/** Works both sourced and as a file named `_inv` in $fpath. */
export function zshScript(bin: string, places: Place[]): string {
  const name = `_${bin}`;
  return `#compdef ${bin}
# zsh completion for ${bin}
${name}() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" command='' files='' word
  local -a commands options
  integer i

  # The words up to the first option name the command.
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${command:+$command }$word" in
      ${commandPaths(places).map(pattern).join('|')}) command="\${command:+$command }$word" ;;
      *) break ;;
    esac
  done

  # --option=value: complete what stands behind the equals sign.
  if [[ $current == --*=* ]]; then
    previous="\${current%%=*}"
    compset -P 1 '*='
    current=''
  fi

  case "$command:$previous" in
${places.flatMap(({ path, options }) => options.map((option) => valueCase(path, option))).join('')}  esac

  case "$command" in
${places.map(placeCase).join('')}  esac

  if [[ -n $files && $current != -* ]]; then
    _files
  elif [[ $current == -* ]] || (( ! $#commands )); then
    _describe -o option options
  else
    _describe command commands
  fi
}

if [[ "\${funcstack[1]}" == ${quote(name)} ]]; then
  ${name} "$@"
else
  compdef ${name} ${bin}
fi`;
}

function valueCase(path: string, { words, value }: Option): string {
  if (value === 'none') return '';
  const cases = words.map((word) => pattern(`${path}:${word}`)).join('|');
  return `    ${cases}) ${completeValue(value)}return ;;\n`;
}

function completeValue(value: Option['value']): string {
  if (value === 'file') return '_files; ';
  if (Array.isArray(value)) return `compadd -- ${value.map(quote).join(' ')}; `;
  return '';
}

function placeCase({ path, words, options, files }: Place): string {
  const commands = words.map(({ word, summary }) => described(word, summary));
  const flags = options.flatMap((option) =>
    option.words.map((word) => described(word, option.summary)),
  );
  return `    ${path === '' ? "''" : pattern(path)})
      commands=(${commands.join(' ')})
      options=(${flags.join(' ')})${files ? ' files=yes' : ''} ;;
`;
}

/** What _describe reads: the word and its meaning, divided by the first bare colon. */
function described(word: string, summary: string): string {
  return quote(`${word.replaceAll(':', '\\:')}:${summary}`);
}

/** In a pattern too, what is quoted stands for itself. */
const pattern = quote;

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
