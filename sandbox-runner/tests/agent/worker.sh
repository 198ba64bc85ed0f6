#!/bin/sh
# Stands in for a worker; what it does is the name of the task. "Predictions" of an
# honest run are the hidden inputs: the test puts there what it wants to be scored.

finished() {
    printf '{"event":"finished","outcome":%s,"meters":{"work":7,"flops":3,"bytes_moved":4,"operations":2,"batches":1,"peak_tensor_bytes":8,"wall_micros":5}}\n' "$1"
}

case "$1" in
fingerprint) echo fake-1; exit 0 ;;
kernels) echo none; exit 0 ;;
compile) cp "$2" "$3"; exit 0 ;;
esac

read -r job
phase=train
case "$job" in *'"phase":"predict"'*) phase=predict ;; esac
behaviour=${job#*'"name":"'}
behaviour=${behaviour%%\"*}
echo '{"event":"first_operation","micros":1}'

# Whatever the behaviour: labels in a place that a worker sees would be our fault.
if grep -rq SECRET-LABELS . || env | grep -q -e SECRET -e gnt_; then exit 77; fi

succeed() {
    case $phase in
    train) printf "a model" >model.safetensors ;;
    predict) cp inputs.safetensors predictions.safetensors ;;
    esac
    finished '{"outcome":"completed"}'
}

case "$behaviour/$phase" in
honest/train)
    echo '{"event":"metric","step":1,"name":"loss","value":0.5,"micros":10}'
    echo '{"event":"metric","step":2,"name":"loss","value":null,"micros":20}'
    echo '{"event":"progress","used":0.5}'
    succeed
    ;;
probed/train)
    printf "a checkpoint" >snapshot-4.safetensors
    echo '{"event":"snapshot","sixteenths":4,"work":250}'
    exec sleep 1000
    ;;
probed/predict)
    # The public slice holds right answers; the header stays as long as it was.
    LC_ALL=C sed 's/"inputs"/"predictions"/; s/     //' inputs.safetensors >predictions.safetensors
    finished '{"outcome":"completed"}'
    ;;
slow/train) sleep 2; succeed ;;
sleeps/train) exec sleep 1000 ;;
over-budget/train) finished '{"outcome":"budget_exceeded","limit":"work"}' ;;
bad-predictions/predict)
    printf junk >predictions.safetensors
    finished '{"outcome":"completed"}'
    ;;
talkative/predict)
    echo '{"event":"metric","step":1,"name":"stolen","value":7,"micros":10}'
    finished '{"outcome":"method_failed","message":"row 1 is a seven"}'
    ;;
dies/train) kill -KILL $$ ;;
*) succeed ;;
esac
