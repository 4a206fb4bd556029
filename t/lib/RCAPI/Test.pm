# SPDX-License-Identifier: Apache-2.0
package RCAPI::Test;

=head1 NAME

RCAPI::Test - a private server with mod_rcapi, a fresh database and real git repositories

=head1 SYNOPSIS

    use strict; use warnings;
    use Test::More;
    use RCAPI::Test;

    my $t = RCAPI::Test->new;                       # started; the caller of calls is 'admin'
    my $bob = $t->user('bob');                      # made by the API; his key is remembered
    my $repo = $t->repo('tiny', commits => 20);     # registered by the API, filled by git
    is_deeply($t->call(test => { args => 'x' }, as => 'bob'), { id => 1, result => ..., error => undef });
    is($t->get("/tiny/changeset-diff/tip", as => 'bob')->status, 401);
    is($t->get("/tiny/changeset-diff/tip", as => 'bob')->body, $t->git($repo->{path}, 'diff', ...));
    $t->done;                                       # the server's own behaviour, as three tests
    done_testing;

=head1 OPTIONS OF new

    mpm => 'event'       also worker, prefork; default: environment MPM, else event
    children => 2, threads => 8
    mounts => ['/']      where SetHandler rcapi stands
    whitelist => TEXT    RcapiAccessControllersWhitelist; default: the four raw views; '' = none
    directives => TEXT   added to the server's configuration, location => TEXT to each mount
    module => FILE       the module, below build/; default: mod_rcapi.so
    modules => [...]     more of httpd's modules, by their short names
    init => [...]        more arguments of rcapi-admin init
    public => 0          anonymous access off (default: on; the product's is off)
    env => {...}         environment of httpd
    limit => 900         seconds after which the server is ended, whatever the test does; four hours
                         with RCAPI_ROUNDS=all
    start => 0           do not start yet; call start
    disk => 1            keep its files on the disk, not in memory: for tests of what reaches the disk
    pg => $server        an RCAPI::PostgreSQL for the database, whatever the run of tests uses
    beside => $other     another node: the database, repositories, secret and users of that object
    preload => [...]     libraries of build/t for httpd
    webhooks => 1        start the process that sends events to webhooks
    tasks => 2           run so many calls in the background (RcapiTasks; default: 0)
    bare => 1            httpd alone, without module and database (tests of the harness)
    as_root => 1         root's tests only: start httpd as root. Else the whole test gives root's
                         rights up in new, for good, and goes on in a copy of t/lib and build/: paths
                         like t/lib/x and build/bin/rhodecode-api stay right, absolute ones may not

Environment: RCAPI_KEEP=1 keeps the temporary folder and says where it is. RCAPI_REMEMBER=Off (or a
size) is the default of the directive RcapiRemember. RCAPI_MOUNTS=/mnt/one:/mnt/two are two mounts of one NFS
export: repositories are on the first one, and those of other nodes on the second.

=cut

use strict;
use warnings;
use Fcntl qw(F_SETLK F_WRLCK SEEK_SET);
use File::Spec ();
use JSON::PP ();
use Scalar::Util ();
use Test::More ();
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(account become slurp spew);
use RCAPI::Server;
use RCAPI::Temp;

my $BUILD = $ENV{RCAPI_BUILD} // 'build';
my $RAW_VIEWS = 'ChangesetController:changeset_patch, ChangesetController:changeset_raw, '
    . 'FilesController:raw, FilesController:archivefile';
my $JSON = JSON::PP->new->utf8->allow_nonref->canonical->allow_bignum;
my %live; # objects whose done is still to come
my $copy; # of t/lib and what was built, for the account that root's tests become

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);
$SIG{$_} = sub { exit 130 } for qw(INT TERM); # so that END is reached

sub new {
    my ($class, %opt) = @_;
    my $self = bless {
        mounts => ['/'], whitelist => $RAW_VIEWS, directives => '', location => '', init => [],
        env => {}, public => 1, start => 1, module => 'mod_rcapi.so', %opt,
        owner => $$, keys => {}, secrets => {},
    }, $class;
    $self->_folder;
    $self->_database unless $self->{bare} || $self->{beside};
    $self->{server} = RCAPI::Server->new(
        dir => $self->{dir}, config => $self->_config, env => { $self->_preloaded, %{ $self->{env} } },
        sweep => $ENV{RCAPI_KEEP} ? [] : [map { "$_" } grep { ref } $self->{temp}, $copy],
        map { exists $opt{$_} ? ($_ => $opt{$_}) : () } qw(mpm children threads modules limit as_root),
    );
    $live{$self} = $self;
    Scalar::Util::weaken($live{$self});
    $self->start if $self->{start};
    return $self;
}

# The temporary folder. Root's test goes on, as another account, in a copy of t/lib and of what was
# built: the folder that it was started in may be closed to that account.
sub _folder {
    my ($self) = @_;
    if (account() && !$self->{as_root}) {
        $copy = _temp();
        my @built = map { "$BUILD/$_" } 't', $self->{bare} ? () : qw(mod_rcapi.so bin);
        system('cp', '-R', '--parents', 't/lib', 't/leaks.supp', @built, $copy) == 0 or die "make first\n";
        my (undef, $uid, $gid) = account();
        system('chown', '-R', "$uid:$gid", $copy);
        chdir $copy;
        become();
        @INC = ("$copy/t/lib", grep { ref || -x } @INC); # perl dies of folders that it may not enter
        $ENV{PERL5LIB} = "$copy/t/lib";
    }
    $self->{bin} = File::Spec->rel2abs($BUILD);
    $self->{leaks} = File::Spec->rel2abs('t/leaks.supp');
    $self->{temp} = _temp(disk => $self->{disk});
    $self->{dir} = "$self->{temp}";
    mkdir "$self->{dir}/$_" for qw(data home logs scratch);
    $self->{data} = "$self->{dir}/data";
    @$self{qw(data database pg keys secrets)} = @{ $self->{beside} }{qw(data database pg keys secrets)}
        if $self->{beside};
    $self->_mount if $ENV{RCAPI_MOUNTS};
    my (undef, $uid, $gid) = account() or return;
    chown $uid, $gid, $self->{dir}, glob "$self->{dir}/*";
}

# Puts the data on NFS.
sub _mount {
    my ($self) = @_;
    my ($first, $second) = split /:/, $ENV{RCAPI_MOUNTS};
    return $self->{data} =~ s/^\Q$first/$second/ if $self->{beside};
    rmdir $self->{data} or die $!;
    $self->{on_nfs} = File::Temp->newdir('rcapi-XXXXXX', DIR => $first, CLEANUP => !$ENV{RCAPI_KEEP});
    symlink "$self->{on_nfs}", $self->{data} or die $!;
    $self->{data} = "$self->{on_nfs}";
}

# Makes the repositories of nodes behave as on NFS, each on a machine of its own: by t/lib/nfs.c, if they are not.
sub on_nfs {
    my ($first, @others) = @_;
    return if $ENV{RCAPI_MOUNTS};
    for my $node ($first, @others) {
        my $env = $node->{server}{env};
        $env->{LD_PRELOAD} .= " $node->{bin}/t/nfs.so";
        @$env{qw(RCAPI_NFS RCAPI_NFS_LOCAL)} = ($first->{data}, "$node->{dir}/scratch/locks");
        mkdir "$node->{dir}/scratch/locks" or die $!;
    }
}

sub _temp {
    my (%opt) = @_;
    my $dir = RCAPI::Temp::dir(%opt, keep => $ENV{RCAPI_KEEP});
    Test::More::diag("kept: $dir") if $ENV{RCAPI_KEEP};
    return $dir;
}

# The database is a file, or a new one of the run's server when RCAPI_STORE says so.
sub _database {
    my ($self) = @_;
    if ($self->{pg} || on_server()) {
        $self->{pg} ||= RCAPI::PostgreSQL->new;
        $self->{database} = $self->{pg}->database;
    }
    $self->{password} = 'pw-' . RCAPI::Git::random_hex(12);
    $self->secret($self->{password});
    my $key = $self->admin('init', '--user', 'admin', '--email', 'admin@example.org',
        '--password', $self->{password}, $self->{public} ? '--public-access' : '--no-public-access',
        @{ $self->{init} }, '--force-yes');
    ($self->{keys}{admin}) = $key =~ /^(\S+)\s*\z/m or die "rcapi-admin init printed no key: $key\n";
    $self->secret($self->{keys}{admin});
}

sub _config {
    my ($self) = @_;
    return $self->{directives} if $self->{bare};
    my $data = $self->{data};
    my $config = <<"END";
LoadModule rcapi_module $self->{bin}/$self->{module}
LogLevel info rcapi:trace8
RcapiDatabase "@{[ $self->database ]}"
RcapiRepositoryRoot $data/repos
RcapiSecretFile $data/secret
RcapiTempDirectory $self->{dir}/tmp
RcapiRemoteSchemes http https git ssh file
RcapiRemotePrivate on
END
    $config .= "RcapiWebhooks off\n" if !$self->{webhooks};
    $config .= 'RcapiTasks ' . ($self->{tasks} // 0) . "\n";
    $config .= "RcapiRemember $ENV{RCAPI_REMEMBER}\n" if $ENV{RCAPI_REMEMBER};
    $config .= "RcapiAccessControllersWhitelist $self->{whitelist}\n" if $self->{whitelist} ne '';
    $config .= "<Location \"$_\">\n    SetHandler rcapi\n$self->{location}\n</Location>\n" for @{ $self->{mounts} };
    return $config . $self->{directives};
}

sub _preloaded {
    my ($self) = @_;
    my %env = $self->sanitizer;
    $env{LD_PRELOAD} .= " $self->{bin}/t/$_" for @{ $self->{preload} // [] };
    return %env;
}

# Environment in which a crash leaves its stack in the log folder, and a sanitizer its report.
sub sanitizer {
    my ($self) = @_;
    my $cheap = "$self->{bin}/t/cheap.so";
    my $preload = $ENV{RCAPI_PRELOAD};
    return (LD_PRELOAD => "$self->{bin}/t/crash.so $cheap", RCAPI_CRASH => "$self->{dir}/logs/crash") if !$preload;
    my $to = "log_path=$self->{dir}/logs/sanitizer";
    return (
        LD_PRELOAD => "$preload $cheap",
        ASAN_OPTIONS => "$to:detect_leaks=1:detect_odr_violation=0:handle_segv=2", # 2: httpd may not
        UBSAN_OPTIONS => "$to:print_stacktrace=1",
        LSAN_OPTIONS => "suppressions=$self->{leaks}:print_suppressions=0",
    );
}

# The same for a program that is linked with the sanitizer: nothing need be preloaded.
sub program_env {
    my ($self) = @_;
    my %env = $self->sanitizer;
    delete $env{LD_PRELOAD};
    return %env;
}

# Makes a certificate for 127.0.0.1, before start: the directives that serve by it; undef: there is no openssl.
sub tls {
    my ($self) = @_;
    my ($cert, $key) = map { "$self->{dir}/scratch/$_.pem" } qw(cert key);
    my $r = $self->run(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2
        -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout), $key, '-out', $cert);
    return if $r->{exit};
    my $env = $self->{server}{env}; # mod_ssl never frees some
    $env->{ASAN_OPTIONS} =~ s/detect_leaks=1/detect_leaks=0/ if exists $env->{ASAN_OPTIONS};
    return "SSLEngine on\nSSLCertificateFile $cert\nSSLCertificateKeyFile $key\n";
}

# --- the server

sub start { $_[0]{server}->start; $_[0] }
sub stop { $_[0]{server}->stop }
sub reload { my $self = shift; $self->{server}->reload(@_) }
sub kill_child { my $self = shift; $self->{server}->kill_child(@_) }
sub children { $_[0]{server}->children }
sub error_log { $_[0]{server}->error_log }
sub news { $_[0]{server}->news }
sub dir { $_[0]{dir} }
sub port { $_[0]{server}{port} }
sub url { 'http://127.0.0.1:' . $_[0]->port }

# The path of a built program: 'rhodecode-api', 'rcapi-admin'.
sub program { "$_[0]{bin}/bin/$_[1]" }

# What httpd -t says to this server's configuration with $text added: (exit code, message).
sub httpd_conf_test {
    my ($self, $text) = @_;
    my $r = $self->{server}->check_config($text);
    return ($r->{exit}, $r->{err} . $r->{out});
}

# --- calls

# One API call; the decoded envelope. Options: as => user or key => K (undef: none), id (undef is
# sent as null), dialect => '1.2' (no id), raw => body instead of a built one, mount, method, headers.
# An answer that is no JSON comes back as { broken => text }. See last for the bytes.
sub call {
    my ($self, $method, $args, %opt) = @_;
    my %body = (method => $method, args => $args // {});
    my $key = $self->_key(\%opt, 'admin');
    $body{api_key} = $key if defined $key;
    $body{id} = exists $opt{id} ? $opt{id} : 1 unless ($opt{dialect} // '') eq '1.2';
    my $text = $opt{raw} // $JSON->encode(\%body);
    my $mount = $opt{mount} // $self->{mounts}[0];
    my $a = $self->_request($opt{method} // 'POST', ($mount =~ s{/*\z}{}r) . '/_admin/api',
        headers => $opt{headers} // ['Content-Type' => 'application/json'], body => $text);
    my $json = eval { $JSON->decode($a->body) };
    return { broken => $a->{raw} } if $@;
    $self->_learn($args);
    $self->_learn($json);
    return $json;
}

# The result of a call that must succeed.
sub must {
    my ($self, @call) = @_;
    my $a = $self->call(@call);
    die "$call[0]: " . ($a->{error} // $a->{broken}) . "\n" if defined($a->{error} // $a->{broken});
    return $a->{result};
}

# One request; an RCAPI::HTTP answer. $path is sent as it is. Options: as => user or key => K (sent
# as ?api_key=), method, headers (hash or list of pairs), body, basic => 'user:password'.
sub get {
    my ($self, $path, %opt) = @_;
    my $key = $self->_key(\%opt);
    $path .= ($path =~ /\?/ ? '&' : '?') . "api_key=$key" if defined $key;
    if (defined $opt{basic}) {
        require MIME::Base64;
        my @given = ref $opt{headers} eq 'HASH' ? %{ $opt{headers} } : @{ $opt{headers} // [] };
        $opt{headers} = [@given, Authorization => 'Basic ' . MIME::Base64::encode_base64($opt{basic}, '')];
    }
    return $self->_request($opt{method} // 'GET', $path, %opt);
}

# Any bytes to the server; the answer, read until it closes. Options: half_close, timeout.
sub raw_request {
    my ($self, $text, %opt) = @_;
    return $self->{last} = RCAPI::HTTP::raw($self->port, $text, %opt);
}

# The last answer of call, get, raw_request.
sub last { $_[0]{last} }

sub _request {
    my ($self, $method, $path, %opt) = @_;
    return $self->{last} = RCAPI::HTTP::request($self->port, $method, $path, %opt);
}

sub _key {
    my ($self, $opt, $default) = @_;
    return $opt->{key} if exists $opt->{key};
    my $user = $opt->{as} // $default // return;
    return $self->{keys}{$user} // die "no key of $user\n";
}

# --- secrets

# No log may hold any of these, from now on. Texts under eight characters are not watched.
sub secret {
    my ($self, @texts) = @_;
    $self->{secrets}{$_} = 1 for grep { defined && !ref && length >= 8 } @texts;
}

# Finds keys, tokens and passwords in what was sent and received.
sub _learn {
    my ($self, $data, $name) = @_;
    if (ref $data eq 'HASH') {
        $self->_learn($data->{$_}, /key|token|password/ ? $_ : undef) for keys %$data;
    } elsif (ref $data eq 'ARRAY') {
        $self->_learn($_, $name) for @$data;
    } elsif ($name && defined $data && $data !~ /\*\*\*/) {
        $self->secret("$data");
    }
}

# --- what a test needs first

# A user made by the API, %flags beside or instead of the usual arguments; his user object.
sub user {
    my ($self, $name, %flags) = @_;
    my $result = $self->must(create_user => {
        username => $name, email => "$name\@example.org", password => 'pw-' . RCAPI::Git::random_hex(12),
        %flags,
    });
    $self->{keys}{$name} = $result->{user}{api_key};
    return $result->{user};
}

# The main key of a user made here, or a key to remember for a name.
sub key {
    my ($self, $name, $key) = @_;
    $self->secret($self->{keys}{$name} = $key) if defined $key;
    return $self->{keys}{$name};
}

# A token by rcapi-admin: token('bob', '--role', 'feed').
sub token {
    my ($self, @args) = @_;
    chomp(my $token = $self->admin('token', 'create', @args));
    $self->secret($token);
    return $token;
}

# Runs rcapi-admin on this data; what it prints. Dies when it fails.
sub admin {
    my ($self, @args) = @_;
    my $r = $self->try_admin(@args);
    die "rcapi-admin @args: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# The same, failing or not: { exit, signal, out, err }.
sub try_admin {
    my ($self, @args) = @_;
    return $self->run($self->program('rcapi-admin'), $self->admin_place(@args), @args);
}

# The arguments of rcapi-admin, before @args, that name this data.
sub admin_place {
    my ($self, @args) = @_;
    my @db = $self->{database} && !grep({ $_ eq '--db' } @args) ? ('--db', $self->{database}) : ();
    return ('--data', $self->{data}, @db);
}

# Whether this run of tests keeps its databases on a server: make test STORE=postgresql.
sub on_server { return ($ENV{RCAPI_STORE} // '') eq 'postgresql' }

# Whether servers keep what they have read, unless a test decides itself: not with RCAPI_REMEMBER=Off.
sub remembers { return lc($ENV{RCAPI_REMEMBER} // '') ne 'off' }

# What RcapiDatabase and --db call the database.
sub database { return $_[0]{database} // "$_[0]{data}/rcapi.db" }

# Environment in which rcapi-admin starts and hashes passwords at the least cost (t/lib/cheap.c), unless a sanitizer
# is there.
sub cheap {
    my ($self) = @_;
    return $ENV{RCAPI_PRELOAD} ? () : (LD_PRELOAD => "$self->{bin}/t/cheap.so");
}

# Runs SQL on this database, for states that no method makes; what it prints.
sub sql {
    my ($self, $text) = @_;
    return $self->{pg}->sql($self->{database}, $text) if $self->{pg};
    # Downloads and pulls wait in a file until somebody reads the journal.
    $self->admin(qw(journal list --last 1)) if $text =~ /\bjournal\b/ && -e "$self->{dir}/data/rcapi.db.spill";
    my $r = $self->run('sqlite3', '-cmd', '.timeout 5000', "$self->{dir}/data/rcapi.db",
        "PRAGMA foreign_keys = ON; $text");
    die "sqlite3: $r->{err}" if $r->{exit} || length $r->{err};
    return $r->{out};
}

# Keeps all others from writing to the database until the handle is closed. A server has no such lock.
sub block_writers {
    my ($self) = @_;
    my $path = $self->database . '.lock';
    open my $lock, '+<', $path or die "$path: $!";
    my $first_byte = pack 's s x4 q q l x4', F_WRLCK, SEEK_SET, 0, 1, 0;
    fcntl $lock, F_SETLK, $first_byte or die "fcntl: $!";
    return $lock;
}

# All rows of this database as a text, in an order that depends on nothing but their history.
sub dump {
    my ($self) = @_;
    return $self->{pg}->dump($self->{database}) if $self->{pg};
    return $self->run('sqlite3', '-cmd', '.timeout 5000', "$self->{dir}/data/rcapi.db", '.dump')->{out};
}

# The next rows of these tables get ids above $id.
sub ids_after {
    my ($self, $id, @tables) = @_;
    $self->sql($self->{pg}
        ? "SELECT setval(pg_get_serial_sequence('$_', column_name), $id) FROM information_schema.columns
            WHERE table_schema = 'rcapi' AND table_name = '$_' AND is_identity = 'YES'"
        : "DELETE FROM sqlite_sequence WHERE name = '$_'; INSERT INTO sqlite_sequence VALUES ('$_', $id)") for @tables;
}

# The SQL of a blob in hexadecimal digits.
sub hex { my ($self, $column) = @_; return $self->{pg} ? "encode($column, 'hex')" : "hex($column)" }

# Any program, as the account the server runs under; { exit, signal, out, err }. The first argument
# may be a hash of options: dir, env, stdin, timeout.
sub run {
    my ($self, @cmd) = @_;
    my %opt = ref $cmd[0] ? %{ shift @cmd } : ();
    my %env = $self->program_env;
    %env = (%env, $self->cheap) if grep { $_ eq $self->program('rcapi-admin') } @cmd; # or strace, which runs it
    return RCAPI::Run::run({ %opt, env => { HOME => "$self->{dir}/home", %env, %{ $opt{env} // {} } } }, @cmd);
}

# git in a folder; what it prints. Dies when it fails.
sub git {
    my ($self, $dir, @args) = @_;
    return RCAPI::Git::git($dir, @args);
}

# A repository: made by create_repo, filled by real git; { name, path (bare), work }.
#   commits => N, seed => S   a random history, the same for the same numbers (default: 5, 1)
#   build => sub { my ($work) = @_; ... }   or what you make there by git
#   from => DIR               or what this repository holds
#   empty => 1                or nothing
#   args => {...}             more arguments of create_repo
sub repo {
    my ($self, $name, %opt) = @_;
    my $path = "$self->{data}/repos/$name";
    my $work = $opt{from} // "$self->{dir}/scratch/" . ($name =~ tr{/}{_}r);
    $self->must(create_repo => { repo_name => $name, repo_type => 'git', %{ $opt{args} // {} } });
    return { name => $name, path => $path } if $opt{empty};
    if (!$opt{from}) {
        RCAPI::Git::init($work);
        $opt{build} ? $opt{build}->($work) : RCAPI::Git::history($work, $opt{commits} // 5, $opt{seed} // 1);
    }
    RCAPI::Git::fill($path, $work);
    return { name => $name, path => $path, work => $work };
}

# --- the end

# Ends the server and tests how it behaved: its logs, its secrets, what it left behind.
sub done {
    my ($self) = @_;
    return if !delete $live{$self} || $$ != $self->{owner};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is($self->{pg}->idle_in_transaction($self->{database}), 0, 'no connection stays in a transaction')
        if $self->{pg};
    $self->stop;
    $self->{pg}->drop($self->{database}) if $self->{pg} && !$self->{beside};
    Test::More::is($self->trouble, '', 'no crash, alert or sanitizer report in the logs');
    Test::More::is($self->leaks, '', 'no key, token or password in the logs');
    Test::More::is($self->{server}->left_behind, '', 'no process, port or temporary file left behind');
}

my $TROUBLE = qr/
    :(?:emerg|alert|crit)\] | exit\ signal | still\ did\ not\ exit,\ sending\ a\ SIGKILL | seg(?:mentation|fault)
    | Sanitizer | runtime\ error: | double\ free | free\(\): | malloc | (?<!possibly\ )corrupted | smashing\ detected
    | Assertion
/xi;

# Lines of the logs that tell of trouble, and the stacks of crashes. A process killed while it looks for
# leaks is none, and neither is httpd's own crash.
sub trouble {
    my ($self) = @_;
    my @lines = grep { /$TROUBLE/ } split /^/, $self->error_log . slurp("$self->{dir}/logs/console");
    my $reports = '';
    for my $file (glob "$self->{dir}/logs/{crash,sanitizer}.*") {
        my $text = slurp($file) =~ s/^==\d+==Unable to get registers from thread \d+\.\n//mgr;
        my ($pid) = $file =~ /(\d+)\z/;
        if (_is_httpds($text)) {
            Test::More::note("httpd's own crash, not counted:\n$text");
            @lines = grep { !/child pid $pid exit signal|^AddressSanitizer:DEADLYSIGNAL/ } @lines;
        } else {
            $reports .= $text;
        }
    }
    return join '', @lines, $reports;
}

# Two of httpd's own crashes, which it has without this module, too. A threaded MPM that is told to stop at once shuts
# the sockets of its workers, and may look at one that its worker has just freed: mod_mpm_event calls apr_os_sock_get.
# And the exit of httpd -X destroys the pools of connections before the MPM's list of them: once in 15 times when
# MaxMemFree gives their memory back. Then nothing but httpd, APR and libc is on the stack.
my $HTTPD = qr{^(?:\S*/crash\.so|\S*/libc\.so\S*|\S*/libapr-1\.so\S*|\S*/mod_mpm_\w+\.so|\S*/(?:apache2|httpd))\(};

sub _is_httpds {
    my ($stack) = @_;
    return 1 if $stack =~ /\bapr_os_sock_get\b.*\n.*\bmod_mpm_(?:event|worker)\.so\b/ && $stack !~ /mod_rcapi/;
    return $stack =~ /\bapr_pool_destroy\b/ && !grep { !/$HTTPD/ } split /^/, $stack; # the end of httpd -X
}

# Where the logs hold a secret: file and line, with the secret blotted out.
sub leaks {
    my ($self) = @_;
    my $any = join '|', map { quotemeta } sort keys %{ $self->{secrets} } or return '';
    my $found = '';
    for my $file (glob "$self->{dir}/logs/*") {
        $found .= join '', map { "$file: " . s/$any/<SECRET>/gr } grep { /$any/ } split /^/, slurp($file);
    }
    return $found;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->done if $live{$self};
}

END {
    my $exit = $?;
    $_->done for grep { defined } values %live;
    chdir '/';
    undef $copy;
    $? = $exit || $?;
}

1;
