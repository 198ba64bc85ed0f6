#!/bin/sh
# Stands in for a worker. Whether a run ends well follows from module and seed alone, as
# does its model; how often it does is the module's worth.

finished() {
    printf '{"event":"finished","outcome":%s,"meters":{"work":7,"flops":3,"bytes_moved":4,"operations":2,"batches":1,"peak_tensor_bytes":8,"wall_micros":5}}\n' "$1"
}

case "$1" in
fingerprint) echo fake-1; exit 0 ;;
kernels) echo none; exit 0 ;;
compile) cp "$2" "$3"; exit 0 ;;
esac

read -r job
module=${job#*'"module":"'}
module=${module%%\"*}
seed=${job#*'"seed":'}
seed=${seed%%[,\}]*}
worth=$(sha256sum <"$module" | cut -c1)
what=$( (sha256sum <"$module"; echo "$seed") | sha256sum | cut -c1-64)

case "$job" in
*'"phase":"predict"'*)
    cp inputs.safetensors predictions.safetensors
    finished '{"outcome":"completed"}'
    ;;
*)
    case "$what" in
    ["$worth"-f]*) finished '{"outcome":"method_failed","message":"no luck"}' ;;
    *)
        printf '%s' "$what" >model.safetensors
        finished '{"outcome":"completed"}'
        ;;
    esac
    ;;
esac
