# SPDX-License-Identifier: Apache-2.0
# Turns the method table, as build/.../docs/methods prints it, into the completion of rhodecode-api
# for a shell: -v shell=bash or -v shell=zsh. conf/completion-admin.awk uses it, too.
BEGIN {
    FS = "\t"
    options = "--help --version --apikey --apikey-stdin --apihost --config --save-config --format --timeout " \
        "--background"
    formats = "pretty json table"
    if (shell != "admin") {
        add("login", "", "make a token for this machine, by name and password")
        add("logout", "", "delete that token")
    }
}
function add(name, words, text) {
    names[++count] = name
    arguments[name] = words
    help[name] = text
}
# Not the forms of the 1.2 dialect, which rhodecode-api does not speak.
NF > 1 && $3 == "" && !($2 in arguments) {
    text = $4
    gsub(/`/, "", text)
    gsub(/ *\(or [^)]*\)/, "", text)
    gsub(/=[^ ]*/, "", text)
    gsub(/[a-z_]+/, "&:", text)
    gsub(/'/, "'\\''", $6)
    gsub(/:/, "\\:", $6)
    add($2, text, $6)
}
# Sets words to the methods, or to the arguments of $word.
function method_words(indent, i) {
    print indent "case $word in"
    printf indent "    '') words='"
    for (i = 1; i <= count; i++)
        printf "%s%s", (i > 1 ? " " : ""), names[i]
    print "' ;;"
    for (i = 1; i <= count; i++)
        if (arguments[names[i]] != "")
            print indent "    " names[i] ") words='" arguments[names[i]] "' ;;"
    print indent "esac"
}
function bash(i) {
    print "# Completion of rhodecode-api for bash, generated from the table of methods."
    print "_rhodecode_api() {"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word= i words="
    print "    [[ $prev == = && $COMP_CWORD -ge 2 ]] && prev=${COMP_WORDS[COMP_CWORD-2]}"
    print "    [[ $cur == = ]] && cur="
    print "    case $prev in"
    print "        --format) COMPREPLY=($(compgen -W '" formats "' -- \"$cur\")); return ;;"
    print "        --config) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;"
    print "        --apikey|--apihost|--timeout|:) return ;;"
    print "    esac"
    print "    for ((i = 1; i < COMP_CWORD; i++)); do"
    print "        case ${COMP_WORDS[i]} in"
    print "            --apikey|--apihost|--config|--format|--timeout)"
    print "                [[ ${COMP_WORDS[++i]} == = ]] && ((i++)) ;;"
    print "            -*) ;;"
    print "            *) word=${COMP_WORDS[i]}; break ;;"
    print "        esac"
    print "    done"
    method_words("    ")
    print "    [[ $cur == -* ]] && words='" options "'"
    print "    [[ $word && $cur != -* ]] && compopt -o nospace 2>/dev/null"
    print "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))"
    print "}"
    print "complete -F _rhodecode_api rhodecode-api"
}
function zsh(i) {
    print "#compdef rhodecode-api"
    print "# Completion of rhodecode-api for zsh, generated from the table of methods."
    print "_rhodecode_api() {"
    print "    local context state line"
    print "    typeset -A opt_args"
    print "    local -a methods arguments"
    print "    methods=("
    for (i = 1; i <= count; i++)
        print "        '" names[i] ":" help[names[i]] "'"
    print "    )"
    print "    _arguments -C '(-h --help)'{-h,--help}'[show help]' '--version[show the version]' \\"
    print "        '--apikey=[API key]:key:' '--apikey-stdin[read the key from standard input]' \\"
    print "        '--apihost=[server]:URL:' '--config=[configuration file]:file:_files' \\"
    print "        '--save-config[write key and server to the file]' \\"
    print "        '--background[have the server make the call by itself]' \\"
    print "        '--format=[form of the result]:format:(" formats ")' \\"
    print "        '--timeout=[give up after this time]:seconds:' '1:method:->method' '*:argument:->argument'"
    print "    case $state in"
    print "        method) _describe method methods ;;"
    print "        argument)"
    print "            case $line[1] in"
    for (i = 1; i <= count; i++)
        if (arguments[names[i]] != "")
            print "                " names[i] ") arguments=(" arguments[names[i]] ") ;;"
    print "            esac"
    print "            compadd -S '' -- $arguments ;;"
    print "    esac"
    print "}"
    print "_rhodecode_api \"$@\""
}
END {
    if (shell == "zsh")
        zsh()
    else if (shell == "bash")
        bash()
}
