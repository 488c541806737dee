# Completion of route-sync for bash, made of its command definitions. Load it in this shell with
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
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path='' word i
    # --option=value comes as three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            --os | --host | --nat-model | --log-format | --config | --upstream | --output | --plan | --wait | --reason | --routes | --protocol | --tag | --mark-name | --dialect | --confirm-seconds)
                ((i++))
                [[ ${COMP_WORDS[i]} == = ]] && ((i++))
                ;;
            -* | =) ;;
            *)
                case "$path $word" in
                    ' journal' | ' init' | ' plan' | ' apply' | ' run' | ' explain' | ' check' | ' status' | ' health' | 'journal verify' | 'journal show' | ' adopt' | ' undo' | ' purge' | ' freeze' | ' unfreeze' | ' render' | ' parse' | ' demo' | ' completion')
                        path="${path:+$path }$word"
                        ;;
                esac
                ;;
        esac
    done
    case $previous in
        --os) _route_sync_words 'linux frr bird cisco-ios cisco-nxos cisco-iosxr arista-eos juniper-junos vyos mikrotik-routeros nokia-sros huawei-vrp openbsd'; return ;;
        --host | --upstream | --wait | --reason | --protocol | --tag | --mark-name | --dialect | --confirm-seconds) return ;;
        --nat-model) _route_sync_words 'auto ovs ovn'; return ;;
        --log-format) _route_sync_words 'text json'; return ;;
        --config | --plan | --routes) _route_sync_files; return ;;
        --output) _route_sync_words 'text json markdown'; return ;;
    esac
    case "$path $current" in
        ' -'*) _route_sync_words '--help --version' ;;
        ' '*) _route_sync_words 'init plan apply run explain check status health journal adopt undo purge freeze unfreeze render parse demo completion help' ;;
        'init -'*) _route_sync_words '--os --host --nat-model --print --verbose --log-format --help' ;;
        'init '*) _route_sync_files ;;
        'plan '*) _route_sync_words '--force --detailed-exitcode --quiet --config --upstream --output --verbose --log-format --help' ;;
        'apply '*) _route_sync_words '--force --plan --wait --quiet --config --upstream --output --verbose --log-format --help' ;;
        'run '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'explain -'*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'explain '*) : ;;
        'check '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'status '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'health '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'journal verify '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'journal show -'*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'journal show '*) : ;;
        'adopt -'*) _route_sync_words '--all --yes --wait --config --upstream --output --verbose --log-format --help' ;;
        'adopt '*) : ;;
        'undo -'*) _route_sync_words '--freeze --yes --wait --config --upstream --output --verbose --log-format --help' ;;
        'undo '*) : ;;
        'purge '*) _route_sync_words '--yes --wait --config --upstream --output --verbose --log-format --help' ;;
        'freeze '*) _route_sync_words '--reason --config --upstream --output --verbose --log-format --help' ;;
        'unfreeze '*) _route_sync_words '--config --upstream --output --verbose --log-format --help' ;;
        'render '*) _route_sync_words '--os --routes --protocol --tag --mark-name --dialect --confirm-seconds --help' ;;
        'parse -'*) _route_sync_words '--os --help' ;;
        'parse '*) _route_sync_files ;;
        'demo '*) _route_sync_words '--help' ;;
        'completion -'*) _route_sync_words '--help' ;;
        'completion '*) _route_sync_words 'bash zsh fish' ;;
        'journal '*) _route_sync_words 'verify show' ;;
    esac
}

complete -F _route_sync route-sync
