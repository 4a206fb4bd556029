# SPDX-License-Identifier: Apache-2.0
# make run and make stop, as a user types them: what they print can be pasted, a second run keeps
# the data, nothing stays behind. The database is SQLite's in any case; t/d1 has make run with PostgreSQL.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::Hg ();
use RCAPI::Run qw(account patiently run slurp spew);
use RCAPI::Server;
use RCAPI::Temp;

my $temp = RCAPI::Temp::dir();
my $data = "$temp/data of mine";
my $has_hg = RCAPI::Hg::built(($ENV{RCAPI_BUILD} // 'build') . '/mod_rcapi.so')
    && !shell('command -v hg')->{exit};
chmod 0755, $temp;
my $pid;
END { local $?; kill TERM => $pid if $pid }

subtest 'the first run' => sub {
    my $said = start();
    like($said, qr/"result":\{"msg":"Pulled from `demo`"/, 'shows a call');
    like($said, qr/^diff --git /m, 'and a raw diff');
    like($said, qr/identical to the output of git/, 'that is right');
    my $key = slurp("$data/admin.key");
    like($key, qr/^\S{40}\n\z/, 'the key, one line');
    is((stat "$data/admin.key")[2] & 0777, 0600, 'for its owner only');
    chomp $key;
    unlike($said, qr/$key/, 'and never shown');
    for my $line ($said =~ /^(curl .*)$/mg) {
        my $r = shell("$line -sS --fail");
        is($r->{exit}, 0, 'a line to paste') or diag($line, $r->{err});
        like($r->{out}, qr/^(?:diff --git|\{"id":1,"result":\{)/, 'answers');
    }
    is(() = $said =~ /^curl /mg, 2, 'two lines');
    my ($clone) = $said =~ /^(git clone .*)$/m;
    is(shell("$clone '$temp/clone'")->{exit}, 0, 'a line that clones') or diag($said);
    ok(-e "$temp/clone/src/greet.c", '... the demo');
    unlike(slurp("$temp/clone/.git/config"), qr/$key/, '... and keeps no key');
    my $push = shell("git -C '$temp/clone' push origin HEAD:pushed");
    is($push->{exit}, 0, '... and can push') or diag($push->{err});
    my $wrong = shell("curl -so /dev/null -w '%{http_code}' " . ($said =~ m{(http://\S+?/demo/\S+api_key=)})[0]
        . 'wrong');
    is($wrong->{out}, 401, 'a wrong key opens nothing: visitors may see nothing');
    my ($url, $file) = $said =~ m{^The pages for a browser: (\S+)\nLog in as admin; the password is in (.*)\.$}m;
    is((stat $file)[2] & 0777, 0600, 'a password, for its owner only');
    chomp(my $password = slurp($file));
    unlike($said, qr/$password/, '... and never shown');
    is(log_in($url, $password), '303 ' . $url, '... opens the pages');
    my ($create, $hg) = $said =~ /^(.* repo create tools repo_type=hg)\n(hg clone .*)$/m;
    is(defined $hg, $has_hg, 'lines for hg where it is there');
    SKIP: {
        skip 'no Mercurial', 2 if !$hg;
        is(shell($create)->{exit}, 0, '... that make a repository') or diag($create);
        my $login = join ' ', map { "--config auth.x.$_" } "prefix='*'", 'schemes=http', 'username=admin',
            "password=$password";
        is(shell("HGRCPATH= $hg -q '$temp/tools' $login")->{exit}, 0, '... and clone it') or diag($hg);
    }
    unlike(slurp("$data/logs/access_log") . slurp("$data/logs/error_log"), qr/$key|$password/,
        'neither is in its logs');
};

subtest 'the demo repository' => sub {
    my $log = git('log', '--all', '--format=%H %an %s');
    like($log, qr/^\w+ Ann Author Merge branch polite$/m, 'has a merge');
    is(git('rev-parse', 'v1.0^{commit}'), git('rev-parse', 'c907ae4^{commit}'), 'is the same everywhere');
    like(git('log', '--format=', '--raw', '-M'), qr/ R100\tgreet\.c\tsrc\/greet\.c$/m, 'a rename');
    like(git('log', '--format=', '--numstat'), qr/^-\t-\tlogo\.png$/m, 'a binary file');
};

subtest 'rcapi-admin, as whoever runs it' => sub {
    my $r = run({ root => 1 }, "$data/bin/rcapi-admin", '--data', $data,
        qw(call create_repo repo_name:g/new repo_type:git));
    like($r->{out}, qr/"error":null/, 'makes a repository');
    my $owner = (stat "$data/repos")[4];
    my @others = grep { (stat)[4] != $owner } map { "$data/$_" } qw(repos/g repos/g/new repos/g/new/HEAD repos/.rc_tmp
        rcapi.db);
    is("@others", '', 'which belongs to the account of the others');
    is(run({ root => 1 }, "$data/bin/rcapi-admin", '--data', $data, 'check')->{out}, '', 'nothing is wrong');
};

subtest 'again' => sub {
    my $before = slurp("$data/admin.key");
    my $said = start(MPM => 'prefork', WHITELIST => '', CONF => conf());
    like($said, qr/was stopped/, 'the old one ends');
    like($said, qr/HTTP status 401: WHITELIST/, 'the whitelist is obeyed');
    is(slurp("$data/admin.key"), $before, 'the data stay');
    like(slurp("$data/logs/error_log"), qr/mpm_prefork:notice/, 'the MPM that was asked for');
    like(slurp("$data/logs/planted"), qr/HTTP/, 'more directives');
};

subtest 'a folder of somebody else' => sub {
    my $other = "$temp/other";
    mkdir $other;
    spew("$other/letter", 'x');
    my $r = make('start', DATA => $other, PORT => RCAPI::Server::free_port());
    is($r->{exit}, 1, 'is refused');
    like($r->{err},
        qr{^make run: \Q$other\E is not empty and not created by make run; choose another directory with DATA=$}m,
        'says why');
    is_deeply([map { s{.*/}{}r } glob "$other/*"], ['letter'], 'nothing is made in it');
    is((stat $other)[4], $>, 'and it keeps its owner');
};

subtest 'what the other account has planted' => sub {
    my (undef, $uid, $gid) = account() or plan skip_all => 'only root has another account';
    my $victim = "$temp/victim";
    mkdir $victim;
    spew("$victim/$_", "$_ of root") for qw(read kept);
    my @names = qw(tmp/answer tmp/diff tmp/git.diff bin/mod_rcapi.so bin/rcapi-admin httpd.conf admin.key);
    my $key = slurp("$data/admin.key");
    make('stop');
    for my $name (@names) {
        unlink "$data/$name";
        symlink $name eq 'admin.key' ? "$victim/read" : "$victim/kept", "$data/$name" or die "$name: $!";
    }
    chmod 0600, glob "$victim/*";
    system 'rm', '-rf', "$data/logs";
    symlink $victim, "$data/logs";
    system 'chown', '-hR', "$uid:$gid", $data;
    make('start', PORT => RCAPI::Server::free_port());
    is(slurp("$victim/$_"), "$_ of root", "a link leads nowhere: $_") for qw(read kept);
    is_deeply([map { s{.*/}{}r } glob "$victim/*"], [qw(kept read)], 'nothing is made at its end');
    unlink "$data/admin.key", "$data/logs", "$data/httpd.conf";
    spew("$data/admin.key", $key);
    spew("$data/httpd.conf", '# Made by `make run`');
    system 'chown', '-hR', "$uid:$gid", $data;
    start();
    is(grep({ (lstat)[4] != $uid } split /\0/, `find "$data" -print0`), 0, 'all there belongs to the account');
};

subtest 'the end' => sub {
    my $old = $pid;
    my $r = make('stop');
    is($r->{exit}, 0);
    like($r->{out}, qr/was stopped/);
    ok(patiently(5, sub { slurp("/proc/$old/cmdline") eq '' }), 'the server is gone');
    is(make('stop')->{exit}, 0, 'stopping twice is no error');
    undef $pid;
};

done_testing;

sub conf {
    open my $fh, '>', "$temp/more.conf" or die $!;
    print $fh qq(CustomLog "$data/logs/planted" common\n);
    close $fh;
    return "$temp/more.conf";
}

# conf/run is what make run calls once all is built; what it prints. A taken port is tried again.
sub start {
    my (%vars) = @_;
    my $r;
    for (1 .. 5) {
        $r = make('start', %vars, PORT => RCAPI::Server::free_port());
        last if $r->{err} !~ /Address already in use/;
    }
    is($r->{exit}, 0, 'starts') or diag($r->{out}, $r->{err});
    ($pid) = slurp("$data/httpd.pid") =~ /(\d+)/;
    return $r->{out};
}

sub make {
    my ($what, %vars) = @_;
    my $env = { DATA => $data, MAKEFLAGS => undef, STORE => undef,
        (map { $_ => $vars{$_} } qw(PORT MPM WHITELIST CONF)), %vars };
    return run({ root => 1, timeout => 120, env => $env }, 'sh', 'conf/run', $what);
}

# What a login by the form at a URL leads to.
sub log_in {
    my ($url, $password) = @_;
    my $curl = "curl -sS -b '$temp/cookies' -c '$temp/cookies'";
    my ($secret) = shell("$curl -H 'Accept: text/html' $url")->{out} =~ /name=csrf_token value="(\w+)"/;
    return shell("$curl -o /dev/null -w '%{http_code} %{redirect_url}' -d csrf_token=$secret -d username=admin"
        . " -d password=$password ${url}_admin/login")->{out};
}

sub shell { run({ root => 1 }, 'sh', '-c', $_[0]) }

sub git {
    my $r = run({ root => 1 }, 'git', "--git-dir=$data/repos/demo", @_);
    die $r->{err} if $r->{exit};
    return $r->{out};
}
