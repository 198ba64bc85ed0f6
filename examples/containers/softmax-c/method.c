/* Softmax regression in C, for tasks of classification with dense inputs: the file contract
 * (docs/OCI-CONTRACT.md) spoken by hand, without any library but C's own.
 *
 *   cc -static -O2 -o method method.c -lm
 *   gauntlet method pack method -o softmax.tar
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS 60
#define RATE 0.5f
#define MOMENTUM 0.9f
#define DECAY 1e-4f
#define BATCH 32

/* The last line, and the exit code that goes with it. */
static void finish(const char *outcome, const char *message, int code) {
    printf("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"%s\"", outcome);
    if (message)
        printf(",\"message\":\"%s\"", message);
    printf(",\"batches\":0,\"micros\":0}\n");
    fflush(stdout);
    exit(code);
}

static void fail(const char *message) { finish("method_failed", message, 1); }

/* A whole file, with a zero behind its end. */
static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        finish("refused", path, 2);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        fail("a file cannot be read");
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

/* A tensor of a safetensors file: eight bytes with the length of a JSON header, the header,
 * the data. The header is ours to search as text: names and keys hold no quotes here. */
struct tensor {
    char dtype[8];
    size_t rank, shape[8], count;
    const char *data;
};

static struct tensor tensor(const char *file, const char *name) {
    uint64_t length;
    memcpy(&length, file, 8);
    char *header = malloc(length + 1);
    memcpy(header, file + 8, length);
    header[length] = 0;
    char key[64];
    snprintf(key, sizeof key, "\"%s\":{", name);
    char *at = strstr(header, key);
    if (!at)
        fail("a tensor is missing");
    struct tensor found = {.count = 1};
    char *dtype = strstr(at, "\"dtype\":\""), *shape = strstr(at, "\"shape\":["),
         *offsets = strstr(at, "\"data_offsets\":[");
    if (!dtype || !shape || !offsets)
        fail("a tensor's description is not understood");
    sscanf(dtype + 9, "%7[A-Z0-9]", found.dtype);
    for (shape += 9; *shape != ']' && found.rank < 8;) {
        size_t size = strtoull(shape, &shape, 10);
        found.shape[found.rank++] = size;
        found.count *= size;
        if (*shape == ',')
            shape++;
    }
    found.data = file + 8 + length + strtoull(offsets + 16, NULL, 10);
    free(header);
    return found;
}

/* Writes one F32 matrix beside its name and renames, so that what is there is whole. */
static void write_matrix(const char *path, const char *name, const float *data, size_t rows, size_t columns) {
    char header[256], beside[256];
    size_t bytes = rows * columns * sizeof *data;
    int length = snprintf(header, sizeof header,
                          "{\"%s\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[0,%zu]}}", name,
                          rows, columns, bytes);
    while (length % 8)
        header[length++] = ' ';
    uint64_t written = (uint64_t)length;
    snprintf(beside, sizeof beside, "%s.part", path);
    FILE *file = fopen(beside, "wb");
    if (!file || fwrite(&written, 8, 1, file) != 1 || fwrite(header, 1, written, file) != written ||
        fwrite(data, 1, bytes, file) != bytes || fclose(file) || rename(beside, path))
        fail("a file cannot be written");
}

/* xorshift64*: the order of the rows follows from the run's seed alone. */
static uint64_t state;
static uint64_t next(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717ull;
}

/* Scores of one row: its features and a one, times the matrix of features + 1 by classes. */
static void scores(const float *weights, const float *row, size_t features, size_t classes, float *out) {
    memcpy(out, weights + features * classes, classes * sizeof *out);
    for (size_t f = 0; f < features; f++)
        for (size_t c = 0; c < classes; c++)
            out[c] += row[f] * weights[f * classes + c];
}

static void train(const char *task) {
    char *found = strstr(task, "\"classes\":");
    char *seed = strstr(task, "\"seed\":");
    if (!found || !seed)
        fail("this method is for tasks of classification");
    size_t classes = strtoull(found + 10, NULL, 10), size;
    seed = strchr(seed + 7, '"');
    state = strtoull(seed + 1, NULL, 16) | 1;

    char *file = read_file("/gauntlet/data/train.safetensors", &size);
    struct tensor inputs = tensor(file, "inputs"), labels = tensor(file, "labels");
    if (strcmp(inputs.dtype, "F32"))
        fail("inputs are not F32");
    size_t rows = inputs.shape[0], features = inputs.count / rows, size_all = (features + 1) * classes;
    int wide = !strcmp(labels.dtype, "I64");
    float *weights = calloc(size_all, sizeof *weights), *speed = calloc(size_all, sizeof *speed),
          *gradient = malloc(size_all * sizeof *gradient), *out = malloc(classes * sizeof *out),
          *row = malloc(features * sizeof *row);
    size_t *order = malloc(rows * sizeof *order);
    for (size_t i = 0; i < rows; i++)
        order[i] = i;

    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        double loss = 0;
        for (size_t i = rows - 1; i > 0; i--) {
            size_t other = next() % (i + 1), kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        for (size_t first = 0; first < rows; first += BATCH) {
            size_t last = first + BATCH < rows ? first + BATCH : rows;
            memset(gradient, 0, size_all * sizeof *gradient);
            for (size_t i = first; i < last; i++) {
                int64_t label = 0;
                memcpy(row, inputs.data + order[i] * features * 4, features * 4);
                memcpy(&label, labels.data + order[i] * (wide ? 8 : 4), wide ? 8 : 4);
                scores(weights, row, features, classes, out);
                float most = out[0], sum = 0;
                for (size_t c = 1; c < classes; c++)
                    most = fmaxf(most, out[c]);
                for (size_t c = 0; c < classes; c++)
                    sum += out[c] = expf(out[c] - most);
                loss -= log(out[label] / sum + 1e-12);
                for (size_t c = 0; c < classes; c++) {
                    float error = (out[c] / sum - (c == (size_t)label)) / (float)(last - first);
                    for (size_t f = 0; f < features; f++)
                        gradient[f * classes + c] += error * row[f];
                    gradient[features * classes + c] += error;
                }
            }
            for (size_t i = 0; i < size_all; i++) {
                speed[i] = MOMENTUM * speed[i] - RATE * (1 - MOMENTUM) * (gradient[i] + DECAY * weights[i]);
                weights[i] += speed[i];
            }
        }
        printf("{\"event\":\"metric\",\"step\":%llu,\"name\":\"loss\",\"value\":%.6f,\"micros\":0}\n",
               (unsigned long long)epoch, loss / (double)rows);
        printf("{\"event\":\"progress\",\"used\":%.4f}\n", (double)(epoch + 1) / EPOCHS);
        fflush(stdout);
    }
    write_matrix("/gauntlet/out/model.safetensors", "weights", weights, features + 1, classes);
}

static void predict(void) {
    size_t size;
    char *file = read_file("/gauntlet/data/model.safetensors", &size);
    struct tensor model = tensor(file, "weights");
    size_t features = model.shape[0] - 1, classes = model.shape[1];
    float *weights = malloc(model.count * sizeof *weights);
    memcpy(weights, model.data, model.count * sizeof *weights);

    file = read_file("/gauntlet/data/inputs.safetensors", &size);
    struct tensor inputs = tensor(file, "inputs");
    size_t rows = inputs.shape[0];
    if (inputs.count != rows * features)
        fail("the inputs do not fit the model");
    float *out = malloc(rows * classes * sizeof *out), *row = malloc(features * sizeof *row);
    for (size_t i = 0; i < rows; i++) {
        memcpy(row, inputs.data + i * features * 4, features * 4);
        scores(weights, row, features, classes, out + i * classes);
    }
    write_matrix("/gauntlet/out/predictions.safetensors", "predictions", out, rows, classes);
}

int main(int count, char **arguments) {
    size_t size;
    if (count != 2)
        finish("refused", "usage: method train|predict", 2);
    char *task = read_file("/gauntlet/task.json", &size);
    if (!strcmp(arguments[1], "train"))
        train(task);
    else if (!strcmp(arguments[1], "predict"))
        predict();
    else
        finish("refused", "usage: method train|predict", 2);
    finish("completed", NULL, 0);
}
