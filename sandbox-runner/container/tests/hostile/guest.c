/* Guests that mean harm, all in one program: `guest NAME train`. A guest that only tries
 * something and is refused ends well; one that gets what it wants says so and fails. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODEL "/gauntlet/out/model.safetensors"

static void say(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

static void done(void) {
    say("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"completed\",\"batches\":0,\"micros\":0}\n");
    exit(0);
}

static void escaped(const char *what) {
    printf("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"method_failed\",\"message\":\"ESCAPED: %s (%s)\","
           "\"batches\":0,\"micros\":0}\n", what, strerror(errno));
    fflush(stdout);
    exit(1);
}

/* A safetensors file without tensors. */
static void model(void) {
    int file = open(MODEL, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, "\2\0\0\0\0\0\0\0{}", 10) != 10)
        escaped("the model cannot be written");
    close(file);
}

/* Fails if a call that must be refused is not. */
static void refused(const char *what, long result) {
    if (result >= 0)
        escaped(what);
}

static void eat(void) {
    for (;;) {
        char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED)
            continue;
        memset(piece, 7, 1 << 20);
    }
}

/* Writes files into a folder until it is full, or until that is more than any limit here;
 * returns bytes written. No file is longer than the kernel lets any be. */
static long fill(const char *folder) {
    static char piece[1 << 20];
    long total = 0;
    for (int number = 0; total < 256l << 20; number++) {
        char name[128];
        snprintf(name, sizeof name, "%s/fill%d", folder, number);
        int file = open(name, O_WRONLY | O_CREAT, 0644);
        if (file < 0)
            return total;
        for (long left = 16; left > 0; left--) {
            ssize_t written = write(file, piece, sizeof piece);
            if (written <= 0) {
                close(file);
                return total;
            }
            total += written;
        }
        close(file);
    }
    return total;
}

static void empty(const char *folder) {
    for (int number = 0; number < 100000; number++) {
        char name[128];
        snprintf(name, sizeof name, "%s/fill%d", folder, number);
        if (unlink(name))
            return;
    }
}

static void forever(void) {
    for (;;)
        pause();
}

static void socket_family(const char *what, int family, int type) {
    refused(what, socket(family, type, 0));
    int pair[2];
    if (family != AF_UNIX)
        refused(what, socketpair(family, type, 0, pair));
}

static void writable(const char *path) {
    int file = open(path, O_WRONLY);
    struct stat status;
    /* The engine hides some behind /dev/null. */
    if (file >= 0 && !fstat(file, &status) && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) {
        close(file);
        return;
    }
    if (file >= 0) {
        /* /proc/self/… may be opened; writing is what matters. */
        if (write(file, "1", 1) == 1)
            escaped(path);
        close(file);
    }
}

static int is(const char *name, const char *wanted) { return !strcmp(name, wanted); }

static void resources(const char *name) {
    if (is(name, "fork-bomb")) {
        int count = 0;
        for (;; count++) {
            pid_t child = fork();
            if (child == 0)
                forever();
            if (child < 0)
                break;
            if (count > 2000)
                escaped("more than 2000 processes");
        }
        model();
        done();
    } else if (is(name, "memory")) {
        eat();
    } else if (is(name, "takes-memory")) {
        /* As "child-out-of-memory", but no more than a machine has where nobody stops it. */
        pid_t child = fork();
        if (child == 0) {
            for (int count = 0; count < 512; count++) {
                char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (piece == MAP_FAILED)
                    _exit(1);
                memset(piece, 7, 1 << 20);
            }
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            escaped("512 MiB of memory");
        model();
        usleep(200000);
        done();
    } else if (is(name, "child-out-of-memory")) {
        pid_t child = fork();
        if (child == 0)
            eat();
        waitpid(child, NULL, 0);
        model();
        usleep(200000);
        done();
    } else if (is(name, "fill-tmp") || is(name, "fill-shm")) {
        const char *folder = is(name, "fill-tmp") ? "/tmp" : "/dev/shm";
        if (fill(folder) > 40l << 20)
            escaped("more than its size");
        empty(folder);
        model();
        done();
    } else if (is(name, "fill-out")) {
        signal(SIGXFSZ, SIG_IGN);
        if (fill("/gauntlet/out") > 8l << 20)
            escaped("more than its size");
        empty("/gauntlet/out");
        model();
        done();
    } else if (is(name, "many-files")) {
        int number = 0;
        for (;; number++) {
            char path[128];
            snprintf(path, sizeof path, "/gauntlet/out/fill%d", number);
            int file = open(path, O_WRONLY | O_CREAT, 0644);
            if (file < 0)
                break;
            close(file);
            if (number > 10000)
                escaped("more than 10000 files");
        }
        empty("/gauntlet/out");
        model();
        done();
    } else if (is(name, "zombies")) {
        for (int count = 0; count < 300; count++)
            if (fork() == 0)
                _exit(0);
        model();
        done();
    } else if (is(name, "sleeps") || is(name, "ignores-signals")) {
        for (int number = 1; number < 65; number++)
            signal(number, SIG_IGN);
        if (is(name, "ignores-signals"))
            for (int count = 0; count < 20; count++)
                if (fork() == 0) {
                    setsid();
                    for (;;)
                        ;
                }
        forever();
    } else if (is(name, "orphan")) {
        /* Twice forked, in a session of its own, holding standard output open. */
        if (fork() == 0) {
            setsid();
            if (fork() == 0) {
                for (int number = 1; number < 65; number++)
                    signal(number, SIG_IGN);
                forever();
            }
            _exit(0);
        }
        usleep(100000);
        model();
        done();
    }
}

static void output(const char *name) {
    if (is(name, "flood")) {
        for (;;)
            say("yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes\n");
    } else if (is(name, "flood-stderr")) {
        for (;;)
            fputs("no no no no no no no no no no no no no no no no no no no no no no no\n", stderr);
    } else if (is(name, "endless-line")) {
        for (;;)
            say("line");
    } else if (is(name, "ansi")) {
        say("\033]0;owned\007\033[2J<script>alert(1)</script>\r\n");
        say("{\"event\":\"metric\",\"step\":1,\"name\":\"\\u001b[31mred\",\"value\":1.0,\"micros\":1}\n");
        say("{\"event\":\"log\",\"line\":\"\\u001b]8;;http://x\\u0007link\"}\n");
        model();
        done();
    } else if (is(name, "json-bomb")) {
        for (int depth = 0; depth < 20000; depth++)
            say("[");
        say("\n{\"event\":\"metric\",\"step\":-1,\"name\":7}\n{\"event\":\"finished\"}\n\xff\xfe\n");
        model();
        done();
    } else if (is(name, "symlink")) {
        symlink("/etc/passwd", MODEL);
        done();
    } else if (is(name, "symlink-to-data")) {
        symlink("../data/train.safetensors", MODEL);
        done();
    } else if (is(name, "fifo")) {
        mkfifo(MODEL, 0644);
        done();
    } else if (is(name, "socket-file")) {
        struct {
            unsigned short family;
            char path[64];
        } address = {AF_UNIX, MODEL};
        int file = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(file, (struct sockaddr *)&address, sizeof address))
            escaped("an AF_UNIX socket is refused");
        done();
    } else if (is(name, "hard-link")) {
        model();
        link(MODEL, "/gauntlet/out/second");
        done();
    } else if (is(name, "folder")) {
        mkdir(MODEL, 0755);
        done();
    } else if (is(name, "sparse")) {
        int file = open(MODEL, O_WRONLY | O_CREAT, 0644);
        signal(SIGXFSZ, SIG_IGN);
        refused("a file of 2 TB", ftruncate(file, 2l << 40));
        if (ftruncate(file, 2 << 20))
            escaped("a sparse file is refused");
        done();
    } else if (is(name, "garbage")) {
        int file = open(MODEL, O_WRONLY | O_CREAT, 0644);
        if (write(file, "score: 1.0 and so on", 20) != 20)
            escaped("the model cannot be written");
        done();
    } else if (is(name, "no-output")) {
        done();
    } else if (is(name, "forged-score")) {
        for (const char **path = (const char *[]){"/gauntlet/out/score.json", "/gauntlet/out/result.json",
                                                  "/gauntlet/out/predictions.safetensors", NULL};
             *path; path++) {
            int file = open(*path, O_WRONLY | O_CREAT, 0644);
            if (write(file, "{\"score\":1.0}", 13) != 13)
                escaped("the file cannot be written");
        }
        say("{\"event\":\"metric\",\"step\":1,\"name\":\"accuracy\",\"value\":1.0,\"micros\":1}\n{\"score\":1.0}\n");
        model();
        done();
    }
}

static void endings(const char *name) {
    if (is(name, "silent")) {
        model();
        exit(0);
    } else if (is(name, "contradicts")) {
        model();
        say("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"completed\",\"batches\":0,\"micros\":0}\n");
        exit(1);
    } else if (is(name, "blames")) {
        say("{\"event\":\"finished\",\"contract\":1,\"outcome\":\"refused\",\"message\":\"the disk is full\","
            "\"batches\":0,\"micros\":0}\n");
        exit(2);
    } else if (is(name, "other-version")) {
        model();
        say("{\"event\":\"finished\",\"contract\":9,\"outcome\":\"completed\",\"batches\":0,\"micros\":0}\n");
        exit(0);
    } else if (is(name, "aborts")) {
        /* Process 1 is spared its own signals, so a child's end is passed on. */
        pid_t child = fork();
        if (child == 0)
            abort();
        int status;
        waitpid(child, &status, 0);
        if (WCOREDUMP(status))
            escaped("a core was dumped");
        exit(128 + WTERMSIG(status));
    }
}

/* A socket of somebody outside. Such names belong to a network, and no filter of system
 * calls sees to whom a socket is connected. */
static void host_socket(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path + 1, name, length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    if (file >= 0)
        refused("a socket of the host", connect(file, (struct sockaddr *)&address, size));
}

static void kernel(const char *name, const char *argument) {
    if (is(name, "af-alg"))
        socket_family("AF_ALG", 38, SOCK_SEQPACKET);
    else if (is(name, "af-vsock"))
        socket_family("AF_VSOCK", 40, SOCK_STREAM);
    else if (is(name, "network")) {
        socket_family("AF_INET", AF_INET, SOCK_STREAM);
        socket_family("AF_INET, datagrams", AF_INET, SOCK_DGRAM);
        socket_family("AF_INET6", AF_INET6, SOCK_STREAM);
        socket_family("AF_PACKET", AF_PACKET, SOCK_RAW);
        socket_family("AF_NETLINK", AF_NETLINK, SOCK_RAW);
        FILE *devices = fopen("/proc/net/dev", "r");
        char line[512];
        while (devices && fgets(line, sizeof line, devices))
            if (strchr(line, ':') && !strstr(line, "lo:"))
                escaped("a network device");
    } else if (is(name, "host-socket")) {
        host_socket(argument);
    } else if (is(name, "io-uring")) {
        char parameters[256] = {0};
        refused("io_uring_setup", syscall(SYS_io_uring_setup, 8, parameters));
    } else if (is(name, "keyctl")) {
        refused("keyctl", syscall(SYS_keyctl, 0, -3, 1));
        refused("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
        refused("request_key", syscall(SYS_request_key, "user", "x", NULL, 0));
    } else if (is(name, "bpf")) {
        char attributes[128] = {0};
        refused("bpf", syscall(SYS_bpf, 0, attributes, sizeof attributes));
        refused("perf_event_open", syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0));
    } else if (is(name, "name-spaces")) {
        int flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
            refused("unshare", unshare(flags[i]));
            long child = syscall(SYS_clone, flags[i] | SIGCHLD, NULL, NULL, NULL, NULL);
            if (child == 0)
                _exit(0);
            refused("clone", child);
        }
        char arguments[88] = {0};
        refused("clone3", syscall(SYS_clone3, arguments, sizeof arguments));
        refused("setns", setns(open("/proc/self/ns/net", O_RDONLY), 0));
    } else if (is(name, "locks")) {
        int file = open("/gauntlet/data/train.safetensors", O_RDONLY);
        struct flock lock = {.l_type = F_RDLCK};
        refused("flock", flock(file, LOCK_SH));
        refused("F_SETLK", fcntl(file, F_SETLK, &lock));
        refused("F_OFD_SETLK", fcntl(file, F_OFD_SETLK, &lock));
        refused("F_SETLEASE", fcntl(file, F_SETLEASE, F_RDLCK));
        refused("F_NOTIFY", fcntl(open("/gauntlet/data", O_RDONLY), F_NOTIFY, DN_ACCESS));
    } else if (is(name, "other-processes")) {
        pid_t child = fork();
        if (child == 0)
            forever();
        char byte;
        struct iovec here = {&byte, 1}, there = {&child, 1};
        refused("ptrace", ptrace(PTRACE_ATTACH, child, NULL, NULL));
        refused("process_vm_readv", process_vm_readv(child, &here, 1, &there, 1, 0));
        refused("pidfd_getfd", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), 1, 0));
        /* Nobody else is to be seen. */
        DIR *processes = opendir("/proc");
        int count = 0;
        for (struct dirent *entry; (entry = readdir(processes));)
            count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
        if (count > 2)
            escaped("other processes are visible");
    } else if (is(name, "mounts")) {
        refused("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
        refused("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
        refused("umount", umount2("/gauntlet/data", MNT_DETACH));
        refused("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
        refused("chroot", chroot("/tmp"));
        refused("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
        refused("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    } else if (is(name, "modules")) {
        refused("init_module", syscall(SYS_init_module, "", 0, ""));
        refused("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
        refused("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0x89abcdef, NULL));
        refused("swapon", syscall(SYS_swapon, "/tmp/x", 0));
        refused("quotactl", syscall(SYS_quotactl, 0, "/", 0, NULL));
        refused("syslog", syscall(SYS_syslog, 10, NULL, 0));
        refused("userfaultfd", syscall(SYS_userfaultfd, 0));
        refused("memfd_secret", syscall(447, 0));
        refused("name_to_handle_at", syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &(struct file_handle){0}, &(int){0}, 0));
        refused("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, &(struct file_handle){0}, 0));
        refused("vmsplice", vmsplice(1, &(struct iovec){"x", 1}, 1, 0));
        refused("splice", splice(0, NULL, 1, NULL, 1, 0));
        refused("setuid", setuid(0));
        refused("setgroups", syscall(SYS_setgroups, 0, NULL));
        refused("personality", syscall(SYS_personality, 0x0040000));
    } else if (is(name, "legacy-calls")) {
#ifdef __x86_64__
        /* The 32-bit entrance: getpid. Whatever is done about it, it must not answer. */
        pid_t child = fork();
        if (child == 0) {
            long result;
            __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
            _exit(result > 0 ? 7 : 8);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 7)
            escaped("a 32-bit system call");
        /* x32: the number's bit 30. */
        child = fork();
        if (child == 0)
            _exit(syscall(0x40000000 + SYS_getpid) > 0 ? 7 : 8);
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 7)
            escaped("an x32 system call");
#endif
    } else
        return;
    model();
    done();
}

/* Copies itself somewhere and starts the copy, with a set-user-id bit. */
static void execute_from(const char *place) {
    int from = open("/method", O_RDONLY), to = open(place, O_WRONLY | O_CREAT, 0755);
    static char piece[1 << 20];
    for (ssize_t read_now; (read_now = read(from, piece, sizeof piece)) > 0;)
        if (write(to, piece, (size_t)read_now) != read_now)
            break;
    close(to);
    chmod(place, 04755);
    pid_t child = fork();
    if (child == 0) {
        execl(place, place, "silent", (char *)NULL);
        _exit(77);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 77)
        escaped(place);
    unlink(place);
}

static void files(const char *name) {
    if (is(name, "kernel-files")) {
        const char *paths[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
                               "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/proc/kcore", "/proc/kmsg",
                               "/proc/timer_list", "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run",
                               "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/cgroup.procs",
                               "/sys/fs/cgroup/memory.max", "/sys/power/state", "/sys/firmware", "/proc/1/oom_score_adj"};
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            if (i != 15)
                writable(paths[i]);
        int file = open("/proc/self/oom_score_adj", O_WRONLY);
        if (file >= 0)
            refused("being spared when memory runs out", write(file, "-1000", 5));
        char byte;
        file = open("/proc/kcore", O_RDONLY);
        if (file >= 0 && read(file, &byte, 1) == 1)
            escaped("the kernel's memory");
    } else if (is(name, "root")) {
        const char *paths[] = {"/x", "/etc/x", "/usr/x", "/method", "/gauntlet/x", "/gauntlet/task.json", "/dev/x", "/proc/x"};
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            refused(paths[i], open(paths[i], O_WRONLY | O_CREAT, 0644));
    } else if (is(name, "image-files")) {
        /* Not /dev, which is in memory and gone with the container. */
        const char *paths[] = {"/x", "/etc/x", "/gauntlet/x"};
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            int file = open(paths[i], O_WRONLY | O_CREAT, 0644);
            if (file >= 0 && write(file, "1", 1) == 1)
                escaped(paths[i]);
        }
        refused("another name for the program", rename("/method", "/other"));
    } else if (is(name, "data")) {
        const char *data = "/gauntlet/data/train.safetensors";
        refused("open", open(data, O_WRONLY));
        refused("open to read and write", open(data, O_RDWR));
        refused("truncate", truncate(data, 0));
        refused("unlink", unlink(data));
        refused("rename", rename(data, "/gauntlet/data/x"));
        refused("chmod", chmod(data, 0666));
        refused("create", open("/gauntlet/data/x", O_WRONLY | O_CREAT, 0644));
        refused("link", link(data, "/gauntlet/out/x"));
        int file = open(data, O_RDONLY);
        if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED)
            escaped("a shared mapping to write");
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        refused("opening again", open(path, O_RDWR));
    } else if (is(name, "hidden")) {
        /* Training sees the train part alone. */
        DIR *data = opendir("/gauntlet/data");
        for (struct dirent *entry; (entry = readdir(data));)
            if (entry->d_name[0] != '.' && strcmp(entry->d_name, "train.safetensors"))
                escaped(entry->d_name);
        refused("inputs", open("/gauntlet/data/inputs.safetensors", O_RDONLY));
    } else if (is(name, "devices")) {
        const char *known = " null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr core console . .. ";
        DIR *devices = opendir("/dev");
        for (struct dirent *entry; (entry = readdir(devices));) {
            char wanted[300];
            snprintf(wanted, sizeof wanted, " %s ", entry->d_name);
            if (!strstr(known, wanted))
                escaped(entry->d_name);
        }
        refused("a block device", mknod("/tmp/disk", S_IFBLK | 0666, 0xfe00));
        refused("a character device", mknod("/gauntlet/out/mem", S_IFCHR | 0666, 0x101));
    } else if (is(name, "privileges")) {
        FILE *status = fopen("/proc/self/status", "r");
        char line[256];
        int seen = 0;
        while (fgets(line, sizeof line, status)) {
            unsigned long caps;
            int number;
            if (!strncmp(line, "Cap", 3) && sscanf(strchr(line, ':') + 1, "%lx", &caps) == 1) {
                seen++;
                if (caps)
                    escaped("a capability");
            }
            if (sscanf(line, "NoNewPrivs: %d", &number) == 1 && (seen++, number != 1))
                escaped("new privileges");
            if (sscanf(line, "Seccomp: %d", &number) == 1 && (seen++, number != 2))
                escaped("no filter");
        }
        gid_t groups[8];
        int many = getgroups(8, groups);
        if (seen != 7 || getuid() == 0 || getgid() == 0 || many > 1 || (many == 1 && groups[0] != getgid()))
            escaped("more rights than nobody's");
        struct rlimit limit;
        if (getrlimit(RLIMIT_CORE, &limit) || limit.rlim_max)
            escaped("core files");
        refused("a better priority", setpriority(PRIO_PROCESS, 0, -5));
    } else if (is(name, "environment")) {
        extern char **environ;
        for (char **variable = environ; *variable; variable++)
            if (strncmp(*variable, "PATH=", 5) && strncmp(*variable, "OMP_NUM_THREADS=", 16) &&
                strncmp(*variable, "RAYON_NUM_THREADS=", 18) && strncmp(*variable, "HOSTNAME=", 9) &&
                strncmp(*variable, "HOME=", 5))
                escaped(*variable);
        refused("the engine's socket", open("/var/run/docker.sock", O_RDWR));
        refused("the engine's socket", open("/run/docker.sock", O_RDWR));
    } else if (is(name, "execute-from-tmp")) {
        execute_from("/tmp/x");
        execute_from("/dev/shm/x");
    } else if (is(name, "execute-from-output")) {
        execute_from("/gauntlet/out/x");
    } else if (is(name, "leaves-marks")) {
        for (const char **place = (const char *[]){"/tmp/mark", "/gauntlet/out/mark", "/dev/shm/mark", NULL}; *place; place++)
            if (open(*place, O_WRONLY | O_CREAT, 0644) < 0)
                escaped(*place);
    } else if (is(name, "finds-marks")) {
        for (const char **place = (const char *[]){"/tmp/mark", "/gauntlet/out/mark", "/dev/shm/mark", NULL}; *place; place++)
            refused(*place, open(*place, O_RDONLY));
    } else if (is(name, "honest")) {
    } else
        return;
    model();
    done();
}

int main(int count, char **arguments) {
    if (count < 2)
        return 9;
    resources(arguments[1]);
    output(arguments[1]);
    endings(arguments[1]);
    kernel(arguments[1], arguments[2]);
    files(arguments[1]);
    return 9; /* no such guest */
}
