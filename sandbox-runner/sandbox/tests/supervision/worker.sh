#!/bin/sh
# Stands in for a worker. It "compiles" by copying, and what it does when it runs
# is the name of the task that it is given. Each behaviour is one that a broken or
# hijacked worker might show; `expected.rs` says what must come of it.

finished() { # outcome
    printf '{"event":"finished","outcome":%s,"meters":{"work":7,"flops":3,"bytes_moved":4,"operations":2,"batches":1,"peak_tensor_bytes":8,"wall_micros":5}}\n' "$1"
}
completed='{"outcome":"completed"}'
first_operation() { echo '{"event":"first_operation","micros":1}'; }

case "$1" in
fingerprint)
    echo fake-1
    exit 0
    ;;
compile)
    case "$(tr -d '\0' <"$2")" in
    *COMPILE_REJECTED*)
        echo '{"rejected":{"rule":"too_large","detail":"locals\u001b[2J","limit":1,"found":2,"help":"less"}}'
        exit 1
        ;;
    *COMPILE_ERROR*) echo '{"error":"type mismatch"}'; exit 1 ;;
    *COMPILE_SPIN*) while :; do :; done ;;
    *COMPILE_SLEEP*) sleep 1000 ;;
    *COMPILE_MEMORY*) echo 'memory allocation of 99999999999 bytes failed' >&2; kill -ABRT $$ ;;
    *COMPILE_CRASH*) kill -SEGV $$ ;;
    *COMPILE_LINK*) ln -s /etc/passwd "$3"; exit 0 ;;
    *COMPILE_KILLED*) kill -KILL $$ ;;
    esac
    # One line for each time something is compiled, kept where the test looks.
    sleep 0.2
    cp "$2" "$3"
    exit 0
    ;;
esac

read -r job
output=model.safetensors
case "$job" in *'"phase":"predict"'*) output=predictions.safetensors ;; esac
behaviour=${job#*'"name":"'}
behaviour=${behaviour%%\"*}

case "$behaviour" in
honest)
    first_operation
    echo '{"event":"metric","step":1,"name":"loss","value":0.5,"micros":10}'
    echo '{"event":"progress","used":0.5}'
    printf result >$output
    finished "$completed"
    ;;
echo-inputs)
    cat inputs.safetensors model.safetensors >$output
    finished "$completed"
    ;;
list-everything)
    { ls -a; env; id -u; id -G; } >$output
    finished "$completed"
    ;;
writes-inputs)
    first_operation
    if echo changed 2>/dev/null >train.safetensors; then printf changed >$output; else printf refused >$output; fi
    finished "$completed"
    ;;
sleeps) sleep 1000 ;;
spins) while :; do :; done ;;
ignores-signals | waits-to-be-killed)
    trap '' TERM INT HUP
    while :; do sleep 1; done
    ;;
lingers)
    printf result >$output
    finished "$completed"
    sleep 1000
    ;;
says-nothing) exit 0 ;;
fails) exit 3 ;;
panics) echo "thread 'main' panicked at somewhere" >&2; exit 101 ;;
aborts-early) kill -ABRT $$ ;;
aborts) first_operation; kill -ABRT $$ ;;
segfaults) first_operation; kill -SEGV $$ ;;
bad-system-call) first_operation; kill -SYS $$ ;;
killed) first_operation; kill -KILL $$ ;;
out-of-memory) echo 'memory allocation of 1099511627776 bytes failed' >&2; kill -ABRT $$ ;;
eats-memory) first_operation; exec dd if=/dev/zero of=/dev/null bs=8G ;;
floods-output) first_operation; while :; do echo '{"event":"log","line":"yes yes yes yes yes yes yes yes"}'; done ;;
long-line) head -c 200000 /dev/zero | tr '\0' x; sleep 1000 ;;
floods-errors) head -c 20000000 /dev/zero | tr '\0' x >&2; printf result >$output; finished "$completed" ;;
garbage) echo 'hello'; sleep 1000 ;;
unfinished-line) printf '{"event":"fini'; exit 0 ;;
background-child)
    sleep 1000 &
    printf result >$output
    finished "$completed"
    ;;
background-child-quiet)
    sleep 1000 >/dev/null 2>&1 </dev/null &
    printf result >$output
    finished "$completed"
    ;;
escaped-child)
    setsid sleep 1000 &
    printf result >$output
    finished "$completed"
    ;;
no-output) finished "$completed" ;;
link-output) ln -s /etc/passwd $output; finished "$completed" ;;
hard-link-output) printf x >other; ln other $output; finished "$completed" ;;
pipe-output) mkfifo $output; finished "$completed" ;;
folder-output) mkdir $output; finished "$completed" ;;
sparse-output) truncate -s 1100000 $output; finished "$completed" ;;
large-output) first_operation; exec head -c 100000000 /dev/zero >$output ;;
budget) finished '{"outcome":"budget_exceeded","limit":"work"}' ;;
method) finished '{"outcome":"method_failed","message":"unreachable"}' ;;
platform) finished '{"outcome":"infrastructure","message":"no device"}' ;;
*) echo "no such behaviour: $behaviour" >&2; exit 9 ;;
esac
