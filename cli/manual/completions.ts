/** Completion scripts for shells. */
import { type Option, options, settingNames } from "../options/options.ts";
import { shells } from "../options/settings.ts";

interface Entry {
  readonly option: Option<never>;
  readonly flags: readonly string[];
}

const entries: readonly Entry[] = settingNames.map((name) => {
  const option = options[name] as Option<never>;
  return { option, flags: [...(option.short ? [`-${option.short}`] : []), `--${option.name}`] };
});

function bash(): string {
  const choices = entries.filter(({ option }) => option.choices)
    .map(({ option, flags }) =>
      `    ${flags.join("|")}) COMPREPLY=($(compgen -W "${option.choices!.join(" ")}" -- "$word")); return ;;`
    );
  const names = entries.filter(({ option }) => option.names)
    .map(({ option, flags }) => `    ${flags.join("|")}) _pastream_names ${option.names}; return ;;`);
  const isPlain = ({ option }: Entry) =>
    option.value && !option.choices && !option.names && option.without === undefined;
  const values = entries.filter(isPlain)
    .flatMap(({ flags }) => flags).join("|");
  const words = entries.flatMap(({ flags }) => flags).join(" ");
  return `# Offers the names that pastream prints and that begin like the word. Of a pair the last part counts, but not
# of devices, whose names may have commas in them.
_pastream_names() {
  local name plain=\${word//\\\\/} first=
  if [[ $1 != devices && $plain == *,* ]]; then first=\${plain%,*}, plain=\${plain##*,}; fi
  while IFS= read -r name; do
    if [[ \${name,,} == "\${plain,,}"* ]]; then COMPREPLY+=("$first$(printf %q "$name")"); fi
  done < <("\${COMP_WORDS[0]}" --completions "$1" 2>/dev/null)
}
_pastream() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  # To bash the = in --option=value is a word.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  case $before in
${choices.join("\n")}
${names.join("\n")}
    ${values}) return ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "${words}" -- "$word")) ;;
    *)
      local IFS=$'\\n'
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word"))
      if ((COMP_CWORD == 1)); then COMPREPLY+=($(compgen -W $'doctor\\nscope\\nnull' -- "$word")); fi
      ;;
  esac
}
complete -F _pastream pastream
`;
}

/** The first sentence of an option's help, for a menu. */
function brief(option: Option<never>): string {
  return option.help.split(/[.:;(]\s?/, 1)[0].trim();
}

function zsh(): string {
  const specs = entries.map(({ option, flags }) => {
    const escaped = brief(option).replace(/[\[\]\\]/g, "\\$&").replaceAll("'", "'\\''");
    const names = flags.length > 1
      ? `'(${flags.join(" ")})'{${flags.map((flag) => flag + attached(flag, option)).join(",")}}'`
      : `'${flags[0]}${attached(flags[0], option)}`;
    const action = option.choices
      ? `(${option.choices.join(" ")})`
      : option.names
      ? `{_pastream_names ${option.names}}`
      : "";
    const colons = option.without === undefined ? ":" : "::";
    return `    ${names}[${escaped}]${option.value ? `${colons}${option.value}:${action}` : ""}'`;
  });
  return `#compdef pastream
_pastream_names() {
  [[ $1 == devices || $PREFIX != *,* ]] || compset -P '*,' # of a pair the last part counts
  local -a names=("\${(@f)$($words[1] --completions $1 2>/dev/null)}")
  compadd -M 'm:{a-zA-Z}={A-Za-z}' -a names
}
_pastream() {
  _arguments -s \\
${specs.map((spec) => `${spec} \\`).join("\n")}
    '1:input: _alternative "words:word:(doctor scope null)" "files:file:_files"' \\
    '2:output:_files'
}
if [ "$funcstack[1]" = _pastream ]; then _pastream "$@"; else compdef _pastream pastream; fi
`;
}

/** Suffix that tells _arguments that the value may follow the option in the same word. */
function attached(flag: string, option: Option<never>): string {
  if (!option.value) return "";
  return flag.startsWith("--") ? "=" : "+";
}

function fish(): string {
  const lines = entries.map(({ option }) => {
    const description = brief(option).replaceAll("\\", "\\\\").replaceAll("'", "\\'");
    const parts = ["complete -c pastream"];
    if (option.short) parts.push(`-s ${option.short}`);
    parts.push(`-l ${option.name}`);
    if (option.value && option.without === undefined) parts.push("-x");
    if (option.choices) parts.push(`-a '${option.choices.join(" ")}'`);
    if (option.names) parts.push(`-a '(__pastream_names ${option.names})'`);
    parts.push(`-d '${description}'`);
    return parts.join(" ");
  });
  const names = `# The names that pastream prints; of a pair the last part counts.
function __pastream_names
  set -l first
  test $argv[1] != devices; and set first (string match -r '^(?:--[^=]*=|-\\w)?(.*,)' -- (commandline -ct))[2]
  for name in (pastream --completions $argv[1] 2>/dev/null)
    echo "$first$name"
  end
end`;
  return [names, ...lines, "complete -c pastream -n __fish_is_first_arg -a 'doctor scope null'", ""].join("\n");
}

const scripts: Readonly<Record<typeof shells[number], () => string>> = { bash, zsh, fish };

export function isShell(name: string): name is typeof shells[number] {
  return (shells as readonly string[]).includes(name);
}

export function completionScript(shell: typeof shells[number]): string {
  return scripts[shell]();
}
