# SPDX-License-Identifier: Apache-2.0
# Turns what `rcapi-admin help` prints, and the method table, into the completion of rcapi-admin for bash. To be
# used with conf/completion.awk.

# The usage of a command begins with its name and goes on below it, before the help.
NF == 1 && /^  [a-z]/ {
    command = $0
    sub(/^ */, "", command)
    sub(/ .*/, "", command)
    commands[++known] = command
}
NF == 1 && /^usage:|^  [a-z]|^       / {
    if (command != "help")
        usage[command] = usage[command] " " $0
}
NF == 1 && /^      [^ ]/ && !/^       / {
    about[command] = about[command] " " $0
}
function one_more(list, word) {
    return index(" " list " ", " " word " ") ? list : list (list == "" ? "" : " ") word
}
# How bash completes the value of an option: files, directories, or these words.
function add_value(option, how) {
    if (!(option in value))
        valued = valued (valued == "" ? "" : "|") option
    value[option] = how
}
# Words in capitals stand for values. What follows an option is its value, the rest of a form is subcommands.
function read_usage(name, i, n, words, option, text) {
    text = usage[name]
    gsub(/[][]|\.\.\./, " ", text)
    gsub(/=[a-z]+(\|[a-z]+)+/, "=", text)
    n = split(text, words, /[ |]+/)
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /^--/) {
            option = words[i]
            options_of[name] = one_more(options_of[name], option)
            continue
        }
        if (words[i] == name)
            option = ""
        else if (option != "" && words[i] ~ /^[A-Z]+$/ && words[i - 1] == option)
            add_value(option, words[i] ~ /^(FILE|DATABASE)$/ ? "-f" : words[i] == "DIR" ? "-d" : "")
        else if (option != "" && words[i] ~ /^[a-z]+$/)
            add_value(option, option in value ? value[option] " " words[i] : "-W " words[i])
        else if (words[i] ~ /^[a-z]+=$/)
            keys[name] = one_more(keys[name], words[i])
        else if (words[i] ~ /^[a-z]+$/)
            first[name] = one_more(first[name], words[i])
    }
}
# The keys that KEY=VALUE stands for are in the help.
function read_keys(name, i, n, words, text) {
    text = about[name]
    if (!sub(/^.* keys: /, "", text))
        return
    gsub(/\([^)]*\)|(and )?of +[a-z]+:| or | for both/, " ", text)
    n = split(text, words, /[ ,]+/)
    for (i = 1; i <= n; i++)
        if (words[i] ~ /^[a-z_]+(=.*)?$/) {
            sub(/=.*/, "", words[i])
            keys[name] = one_more(keys[name], words[i] "=")
        }
}
function print_values(i, n, options, how) {
    n = split(valued, options, "|")
    print "    case ${COMP_WORDS[COMP_CWORD-1]} in"
    for (i = 1; i <= n; i++) {
        how = value[options[i]]
        if (how ~ /^-W/)
            how = "-W '" substr(how, 4) "'"
        if (how != "")
            print "        " options[i] ") COMPREPLY=($(compgen " how " -- \"$cur\")); return ;;"
    }
    print "        " valued "|:|=) return ;;"
    print "    esac"
}
function print_command(name) {
    print "        " name ")"
    if (options_of[name] != "")
        print "            options+=' " options_of[name] "'"
    if (name == "call")
        method_words("            ")
    else if (name == "help")
        print "            [[ $word ]] || words=$commands"
    else if (keys[name] first[name] != "")
        print "            if [[ $word ]]; then words='" keys[name] "'; else words='" first[name] "'; fi"
    print "            ;;"
}
END {
    if (shell != "admin")
        exit
    sub(/.*rcapi-admin /, "", usage[""])
    sub(/COMMAND.*/, "", usage[""])
    read_usage("")
    for (i = 1; i <= known; i++) {
        read_usage(commands[i])
        read_keys(commands[i])
        all = one_more(all, commands[i])
    }
    print "# Completion of rcapi-admin for bash, generated from the tables of commands and methods."
    print "_rcapi_admin() {"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} command= word= i words= commands='" all "'"
    print "    local options='" options_of[""] " --headers --help --version'"
    print_values()
    print "    for ((i = 1; i < COMP_CWORD; i++)); do"
    print "        case ${COMP_WORDS[i]} in"
    print "            " valued "|=) ((i++)) ;;"
    print "            -*) ;;"
    print "            *) if [[ $command ]]; then word=${COMP_WORDS[i]}; break; fi; command=${COMP_WORDS[i]} ;;"
    print "        esac"
    print "    done"
    print "    case $command in"
    print "        '') words=$commands ;;"
    for (i = 1; i <= known; i++)
        print_command(commands[i])
    print "    esac"
    print "    [[ $cur == -* ]] && words=$options"
    print "    [[ $words == *[:=]* ]] && compopt -o nospace 2>/dev/null"
    print "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))"
    print "    [[ $command == backup ]] && COMPREPLY+=($(compgen -f -- \"$cur\"))"
    print "}"
    print "complete -F _rcapi_admin rcapi-admin"
}
