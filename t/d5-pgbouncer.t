# SPDX-License-Identifier: Apache-2.0
# A server whose connections to PostgreSQL go through pgbouncer, which pools sessions.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use POSIX ();
use RCAPI::GitClient;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my ($bouncer) = grep { -x } map { "$_/pgbouncer" } qw(/usr/sbin /usr/local/sbin /usr/bin);
plan skip_all => 'pgbouncer is not installed (Debian: apt-get install pgbouncer)' if !$bouncer;
plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $pg = RCAPI::PostgreSQL->new;
my $t = RCAPI::Test->new(pg => $pg, children => 1, start => 0);
plan skip_all => 'built without libpq' if slurp($t->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $folder = "$t->{dir}/scratch/bouncer";
mkdir $folder or die $!;
spew("$folder/users", qq("rcapi" ""\n));
spew("$folder/ini", <<"END");
[databases]
* = host=$pg->{socket} port=5432
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $folder
auth_type = trust
auth_file = $folder/users
pool_mode = session
default_pool_size = 40
logfile = $folder/log
END
my $pid = start_bouncer();
END { local $?; kill KILL => $pid if $pid }

sub start_bouncer {
    my $child = fork // die "fork: $!";
    if (!$child) {
        open STDERR, '>>', "$folder/log";
        exec $bouncer, '-q', "$folder/ini" or POSIX::_exit(127);
    }
    patiently(10, sub { -S "$folder/.s.PGSQL.6432" }) or die 'pgbouncer does not start: ' . slurp("$folder/log");
    return $child;
}

$t->{server}{config} =~ s/^(RcapiDatabase .*)host=\S+/$1host=$folder port=6432/m;
$t->start;
my $repo = $t->repo('r', commits => 2);
$t->user('bob');
my $may = sub { $t->call(get_repo => { repoid => 'r' }, as => 'bob')->{error} ? 0 : 1 };
is($may->(), 1, 'a call') for 1 .. 3;
$t->must(grant_user_permission => { repoid => 'r', userid => 'bob', perm => 'repository.none' });
is($may->(), 0, 'a right that was revoked is void at once');
my $git = RCAPI::GitClient->new($t, as => 'admin');
is($git->try($repo->{work}, 'push', $git->url('r'), 'HEAD:refs/heads/new')->{exit}, 0, 'a push, with its lock');
is($t->call(update_repo => { repoid => 'r', repo_name => 's' })->{error}, undef, 'a rename, with its lock');

# Another mode, in which the second connection gets the session of the first one.
subtest 'a pooler of transactions' => sub {
    $t->stop;
    kill TERM => $pid;
    waitpid $pid, 0;
    my $ini = slurp("$folder/ini");
    spew("$folder/ini", $ini =~ s/^pool_mode = \Ksession/transaction/mr);
    $pid = start_bouncer();
    $t->start;
    $t->call('get_user');
    is($t->last->status, 503, 'is not used');
    like($t->news, qr/RC0010: cannot serve .* is behind a pooler that pools transactions/, 'the log says why');
    $t->stop;
    kill TERM => $pid;
    waitpid $pid, 0;
    spew("$folder/ini", $ini);
    $pid = start_bouncer();
    $t->start;
    is($t->call('get_user')->{error}, undef, 'sessions');
};

kill TERM => $pid;
waitpid $pid, 0;
$t->call('get_user');
is($t->last->status, 503, 'pgbouncer is away');
$pid = start_bouncer();
ok(patiently(10, sub { $t->call('get_user'); $t->last->status == 200 }), 'it is back');
is($t->call(update_repo => { repoid => 's', repo_name => 'r' })->{error}, undef, 'and so are locks');
$t->stop;
kill TERM => $pid;
waitpid $pid, 0;
undef $pid;
$t->done;
done_testing;
