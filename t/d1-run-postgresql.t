# SPDX-License-Identifier: Apache-2.0
# make run STORE=postgresql and make cluster: a private PostgreSQL server in DATA, which make stop ends.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::PostgreSQL;
use RCAPI::Processes;
use RCAPI::Run qw(patiently run slurp);
use RCAPI::Server;
use RCAPI::Temp;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();
my $build = $ENV{RCAPI_BUILD} // 'build';
plan skip_all => 'built without libpq' if slurp("$build/mod_rcapi.so") !~ /pg_advisory_xact_lock/;

my $temp = RCAPI::Temp::dir();
chmod 0755, $temp;
my $data = "$temp/it's mine";
my @pids;
END { local $?; kill KILL => @pids if @pids }

for my $wrong ('-1', 'abc', '100') {
    my $r = run_it('start', NODES => $wrong);
    is("$r->{exit} $r->{err}", "1 make run: NODES=$wrong is not a number of servers, 1 to 99\n", "NODES=$wrong");
}
ok(!-e $data, 'and nothing is made');
my $said = start(STORE => 'postgresql');
like($said, qr/"result":\{"msg":"Pulled from `demo`"/, 'a call');
like($said, qr/identical to the output of git/, 'a raw diff');
ok(!-e "$data/rcapi.db", 'no file is the database');
is((stat "$data/postgresql")[2] & 0777, 0700, 'only the account can reach the socket');
my ($create) = $said =~ /^(.* repo create tools) repo_type=hg$/m;
SKIP: {
    skip 'no Mercurial', 1 if !$create;
    is(shell($create)->{exit}, 0, 'a line to paste names the database') or diag($create);
}
$said = start(NODES => 3);
like($said, qr/The server of .* listens/, 'the second run, of a cluster, needs no STORE');
my @seen = $said =~ m{^http://(127\.0\.0\.1\d):\d+/_admin/api: changed at \d+$}mg;
is("@seen", '127.0.0.11 127.0.0.12 127.0.0.13', 'each node sees what the first one has changed');
cmp_ok(scalar @pids, '==', 5, 'three servers, one before them, and PostgreSQL');
is(join(' ', map { scalar grep { slurp("/proc/$_/comm") !~ /^rcapi-/ } RCAPI::Processes::children_of($_) }
    @pids[2 .. 4]), '1 1 1', 'each server begins with one process');
is(stop()->{exit}, 0, 'make stop');
ok(patiently(10, sub { !grep { kill 0, $_ } @pids }), 'ends all servers');
@pids = ();
is(stop()->{exit}, 0, 'stopping twice is no error');
ok(!-e "$data/postgresql/postmaster.pid", 'PostgreSQL has ended by itself');
done_testing;

# A taken port is tried again.
sub start {
    my (%vars) = @_;
    my $r;
    for (1 .. 5) {
        $r = run_it('start', %vars, PORT => RCAPI::Server::free_port());
        last if $r->{err} !~ /Address already in use/;
    }
    is($r->{exit}, 0, 'starts') or diag($r->{out}, $r->{err});
    my @places = ('httpd.pid', 'postgresql/postmaster.pid', map { "node-$_/httpd.pid" } 1 .. $vars{NODES} // 0);
    @pids = map { slurp("$data/$_") =~ /\A(\d+)/ } @places;
    return $r->{out};
}

sub stop { return run_it('stop') }

sub run_it {
    my ($what, %vars) = @_;
    my @names = qw(MAKEFLAGS PORT MPM WHITELIST CONF STORE NODES);
    my $env = { DATA => $data, (map { $_ => undef } @names), %vars };
    return run({ root => 1, timeout => 120, env => $env }, 'sh', 'conf/run', $what);
}

sub shell { return run({ root => 1 }, 'sh', '-c', $_[0]) }
