# SPDX-License-Identifier: Apache-2.0
package RCAPI::Server;

=head1 NAME

RCAPI::Server - a private httpd below one folder, on a port of its own

=head1 SYNOPSIS

    my $s = RCAPI::Server->new(dir => $dir, mpm => 'event', children => 2, config => $text);
    $s->start; ... $s->{port} ... $s->reload; $s->kill_child; $s->stop;

httpd runs in the foreground below a keeper process, which ends it, and everything it started, when
told, when the test dies, and at the latest after C<limit> seconds. Log files are in C<< $dir/logs >>.

=cut

use strict;
use warnings;
use File::Path ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(time sleep);
use RCAPI::Git ();
use RCAPI::HTTP;
use RCAPI::Processes;
use RCAPI::Run qw(account patiently rounds run slow slurp spew);

my $BOOT = 60;   # seconds that a start or a reload may take
my $STOP = 20;   # seconds until a server that does not end is killed
my @MODULES = qw(unixd log_config logio log_forensic authn_core authz_core authz_host auth_basic
    mime filter deflate headers env setenvif reqtimeout status alias);
my $APXS = $ENV{APXS} || 'apxs';
my %apxs = slurp(($ENV{RCAPI_BUILD} // 'build') . '/t/apxs') =~ /^(.+ \w+)=(.*)$/mg; # what make asked

# An answer of apxs.
sub apxs {
    my ($what) = @_;
    return $apxs{"$APXS $what"} //= `$APXS -q $what` =~ s/\n//r;
}

sub program { apxs('SBINDIR') . '/' . apxs('progname') }

# Options: dir, config (text after the frame), mpm, children, threads, modules (more of httpd's),
# env (for httpd), before (a program that runs httpd), limit (seconds), sweep (folders to remove
# when the test was killed).
sub new {
    my ($class, %opt) = @_;
    my $self = bless {
        mpm => $ENV{MPM} || 'event', children => 2, threads => 8, limit => rounds(900, 14_400) * slow(), config => '',
        modules => [], env => {}, before => [], sweep => [], want => 1, owner => $$, %opt,
    }, $class;
    $self->{program} = program(); # asked before httpd's environment is ours
    mkdir "$self->{dir}/$_" for qw(logs run tmp htdocs);
    my (undef, $uid, $gid) = account();
    chown $uid, $gid, "$self->{dir}/tmp" if defined $uid;
    spew("$self->{dir}/mime.types", "text/plain txt c h\nimage/png png\ntext/html html\n");
    return $self;
}

# The whole configuration as text, for port $port.
sub config {
    my ($self, $port) = @_;
    my $dir = $self->{dir};
    my ($account) = account();
    my $user = $account ? "User $account\nGroup #${\((account())[2])}\n" : '';
    return <<"END" . $self->_mpm . $user . $self->{config};
ServerRoot $dir
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $dir/run/httpd.pid
DefaultRuntimeDir $dir/run
CoreDumpDirectory $dir/run
${\ _load("mpm_$self->{mpm}", @MODULES, @{ $self->{modules} })}
ErrorLog $dir/logs/error_log
LogLevel info
LogFormat "%h %u %t \\"%r\\" %>s %B %U %q \\"%{Referer}i\\" \\"%{Authorization}i\\" \\"%{X-Api-Key}i\\"" all
CustomLog $dir/logs/access_log all
ForensicLog $dir/logs/forensic_log
TypesConfig $dir/mime.types
DocumentRoot $dir/htdocs
KeepAliveTimeout 2
Timeout 20
GracefulShutdownTimeout 5
<Directory $dir/htdocs>
    Require all granted
</Directory>
END
}

# LoadModule lines for those of the modules that are not part of httpd itself. Debian's mod_qos does
# not name the library that it needs.
sub _load {
    my $folder = apxs('LIBEXECDIR');
    my %before = (qos => "LoadFile libpcre.so.3\n");
    return join '', map { -e "$folder/mod_$_.so" ? ($before{$_} // '') . "LoadModule ${_}_module $folder/mod_$_.so\n"
        : () } @_;
}

sub _mpm {
    my ($self) = @_;
    my ($children, $threads) = @$self{qw(children threads)};
    return "StartServers $children\nMinSpareServers 1\nMaxSpareServers $children\n"
        . "MaxRequestWorkers $children\n" if $self->{mpm} eq 'prefork';
    my $all = $children * $threads;
    return "ServerLimit $children\nStartServers $children\nThreadsPerChild $threads\n"
        . "ThreadLimit $threads\nMinSpareThreads 1\nMaxSpareThreads $all\nMaxRequestWorkers $all\n";
}

# Starts httpd and waits until it listens; dies with httpd's own words when it does not.
sub start {
    my ($self) = @_;
    for (1 .. 10) {
        $self->{port} = free_port();
        $self->{from} = $self->_logged;
        $self->_write;
        unlink "$self->{dir}/run/httpd.pid";
        $self->_fork_keeper;
        patiently($BOOT, sub { $self->_listens // $self->_gone });
        return $self->_settle if $self->_listens;
        $self->stop;
        last unless $self->error_log . slurp("$self->{dir}/logs/console") =~ /Address already in use/;
        unlink "$self->{dir}/logs/error_log";
    }
    die "httpd does not start:\n" . slurp("$self->{dir}/logs/console") . $self->error_log;
}

sub _write {
    my ($self) = @_;
    spew("$self->{dir}/httpd.conf", $self->config($self->{port}));
}

# A port that nobody has now, below those that the kernel gives to clients. As long as this process lives, no other
# test gets it: a socket has it in its name. It is not chosen by rand, since tests with the same srand would meet.
my %reserved;

sub free_port {
    for (1 .. 200) {
        my $port = 15000 + unpack('L', RCAPI::Git::random_bytes(4)) % 15000;
        next if $reserved{$port};
        my $name = IO::Socket::UNIX->new(Local => "\0rcapi-test-port-$port", Listen => 1) or next;
        next if !is_free($port);
        $reserved{$port} = $name;
        return $port;
    }
    die "no free port\n";
}

sub is_free {
    my ($port) = @_;
    return !!IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, ReuseAddr => 1);
}

# true: listens; undef: not yet
sub _listens {
    my ($self) = @_;
    return $self->pid && $self->_has_started && RCAPI::HTTP::connect_to($self->{port}) ? 1 : undef;
}

# Waits until all children have all their threads: httpd's may crash when they are ended before.
sub _settle {
    my ($self) = @_;
    my $tasks = $self->{mpm} eq 'prefork' ? 1 : $self->{threads} + 2; # main, listener
    patiently(3, sub {
        my @all = $self->children;
        my @whole = grep { (() = glob "/proc/$_/task/*") >= $tasks } @all;
        return @all >= $self->{want} && @whole == @all || $self->_gone;
    });
    return $self;
}

# true when the keeper, and so httpd, has ended.
sub _gone {
    my ($self) = @_;
    return 1 unless $self->{keeper};
    local $?;
    return unless waitpid($self->{keeper}, POSIX::WNOHANG()) == $self->{keeper};
    delete $self->{keeper};
    return 1;
}

sub _fork_keeper {
    my ($self) = @_;
    pipe my $told, my $leash or die "pipe: $!";
    my $keeper = fork // die "fork: $!";
    if (!$keeper) {
        close $leash;
        eval { $self->_keep($told) };
        POSIX::_exit(1);
    }
    @$self{qw(keeper leash)} = ($keeper, $leash); # the leash closes with the test, however it ends
}

# The keeper: starts httpd as leader of a session, ends the session in time.
sub _keep {
    my ($self, $told) = @_;
    my $end = time + $self->{limit};
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP ALRM);
    open STDIN,  '<',  '/dev/null';
    open STDOUT, '>>', "$self->{dir}/logs/console";
    open STDERR, '>&', \*STDOUT;
    my $httpd = fork // POSIX::_exit(1);
    $self->_exec if !$httpd;
    spew("$self->{dir}/run/session", $httpd);

    my $asked;
    local $SIG{CHLD} = sub {}; # ends the wait
    until (waitpid($httpd, POSIX::WNOHANG()) == $httpd) {
        vec(my $ready = '', fileno $told, 1) = 1;
        my $over = $asked ? sleep 0.01 : select($ready, undef, undef, 0.1) > 0;
        kill TERM => $httpd if !$asked && ($over || time > $end);
        $asked = time if !$asked && ($over || time > $end);
        kill KILL => -$httpd if $asked && time > $asked + $STOP * slow();
    }
    my $status = $?;
    my $left;
    patiently(1, sub { !length($left = _session($httpd)) }) or spew("$self->{dir}/run/left", $left);
    kill KILL => -$httpd;
    File::Path::remove_tree(@{ $self->{sweep} }) if getppid != $self->{owner};
    POSIX::_exit($status ? 1 : 0);
}

sub _exec {
    my ($self) = @_;
    POSIX::setsid();
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP ALRM PIPE);
    my %env = (TMPDIR => "$self->{dir}/tmp", PATH => $ENV{PATH}, TZ => $ENV{TZ}, LC_ALL => 'C.UTF-8',
        %{ $self->{env} });
    %ENV = map { defined $env{$_} ? ($_ => $env{$_}) : () } keys %env;
    exec @{ $self->{before} }, $self->{program}, '-d', $self->{dir}, '-f', "$self->{dir}/httpd.conf", '-DFOREGROUND'
        or POSIX::_exit(127);
}

# Command lines of the processes in a session.
sub _session {
    my ($leader) = @_;
    my $lines = '';
    for (_processes()) {
        my ($pid, undef, $group, $session) = @$_;
        $lines .= "$pid " . slurp("/proc/$pid/cmdline") =~ tr/\0/ /r . "\n"
            if $group == $leader || $session == $leader;
    }
    return $lines;
}

# [pid, parent, group, session] of every process that is not dead, though perhaps not yet buried.
sub _processes {
    return map { slurp("$_/stat") =~ /^(\d+) \(.*\) [^ZX] (\d+) (\d+) (\d+)/s ? [$1, $2, $3, $4] : () }
        glob '/proc/[0-9]*';
}

# Process id of httpd's parent process, once it has started.
sub pid {
    my ($self) = @_;
    my ($pid) = slurp("$self->{dir}/run/httpd.pid") =~ /^(\d+)\n/;
    return $pid;
}

# Process ids of httpd's children.
sub children {
    my ($self) = @_;
    my $pid = $self->pid or return;
    return grep { slurp("/proc/$_/comm") !~ /^rcapi-/ } children_of($pid);
}

# The process that sends events to webhooks.
sub senders { return $_[0]->_beside('rcapi-webhooks') }

# The process that starts those of tasks, and these.
sub task_parents { return $_[0]->_beside('rcapi-tasks') }
sub task_processes { return map { children_of($_) } $_[0]->task_parents }

sub _beside {
    my ($self, $name) = @_;
    my $pid = $self->pid or return;
    return grep { slurp("/proc/$_/comm") eq "$name\n" } children_of($pid);
}

# Kills one child (default: KILL); its process id.
sub kill_child {
    my ($self, $signal) = @_;
    my ($child, @others) = $self->children or die "httpd has no children\n";
    $self->{want} = 1 + @others; # stop waits for the one that httpd starts instead
    kill $signal // 'KILL', $child;
    return $child;
}

# Reloads by the graceful signal, or another one; waits until the old children have gone, or some seconds for those
# that still have work.
sub reload {
    my ($self, $signal) = @_;
    my %old = map { $_ => 1 } $self->children;
    $self->{from} = $self->_logged;
    $self->{want} = 1;
    $self->_write;
    kill $signal // 'USR1', $self->pid;
    patiently($BOOT, sub { $self->_has_started }) or die "httpd does not reload:\n" . $self->error_log;
    patiently(5, sub { my @now = $self->children; @now && !grep { $old{$_} } @now });
    return $self->_settle;
}

sub _logged { -s "$_[0]{dir}/logs/error_log" // 0 }

# Whether httpd says so in what it has logged since it was asked to.
sub _has_started {
    my ($self) = @_;
    open my $log, '<:raw', "$self->{dir}/logs/error_log" or return 0;
    seek $log, $self->{from}, 0;
    return scalar grep { /resuming normal operations/ } <$log>;
}

# Ends httpd.
sub stop {
    my ($self) = @_;
    return if $$ != $self->{owner} || !$self->{keeper};
    $self->_settle;
    if (my $leash = delete $self->{leash}) {
        local $SIG{PIPE} = 'IGNORE';
        syswrite $leash, "\n"; # processes that the test forked may hold the leash as well
        close $leash;
    }
    patiently($STOP + 10, sub { $self->_gone }) or kill KILL => $self->{keeper};
}

# What outlived httpd: text, '' when all is well. Ask after stop.
sub left_behind {
    my ($self) = @_;
    my $text = slurp("$self->{dir}/run/left");
    $text .= "port $self->{port} is still taken\n" if $self->{port} && !is_free($self->{port});
    $text .= "temporary file $_\n" for glob "$self->{dir}/tmp/*";
    return $text;
}

sub error_log { slurp("$_[0]{dir}/logs/error_log") }

# What httpd has logged since the last time.
sub news {
    my ($self) = @_;
    open my $log, '<:raw', "$self->{dir}/logs/error_log" or return '';
    seek $log, $self->{told} // 0, 0;
    my $new = join '', <$log>;
    $self->{told} = tell $log;
    return $new;
}

# httpd -t with more configuration: { exit, out, err }.
sub check_config {
    my ($self, $text) = @_;
    my $file = "$self->{dir}/check.conf";
    spew($file, $self->config(1) . $text);
    return run({ env => $self->{env} }, program(), '-d', $self->{dir}, '-f', $file, '-t');
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop;
}

1;
