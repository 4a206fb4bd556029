#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin and httpd started by root: what they make can be opened by the account that serves,
# and what that account has planted makes them change nothing outside of its own folder.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use Test::More;
use RCAPI::Run qw(account run slurp spew);
use RCAPI::Server;

my ($name, $uid, $gid) = account() or plan skip_all => 'only root has this question';
my $build = abs_path($ENV{RCAPI_BUILD} || 'build');
my $program = "$build/bin/rcapi-admin";
my $place = File::Temp->newdir('rcapi-root-XXXXXX', DIR => '/tmp');
chmod 0755, "$place";

my %cheap = $ENV{RCAPI_PRELOAD} ? () : (LD_PRELOAD => "$build/t/cheap.so"); # hashes

sub admin { return run({ root => 1, timeout => 60, env => \%cheap }, $program, '--data', @_) }
sub theirs { my ($dir) = @_; mkdir $dir, 0755; chown $uid, $gid, $dir; return $dir }

# Files below a folder that belong to somebody else than the account.
sub foreign { grep { (lstat)[4] != $uid || (lstat _)[5] != $gid } split /\0/, `find $_[0] -print0` }

my @init = qw(init --user admin --email admin@example.org --password secret-1);

subtest 'init' => sub {
    my $r = admin("$place/roots", @init);
    is $r->{exit}, 0, 'below a folder of root';
    like $r->{err}, qr/^All files belong to root: change their owner to/m, 'says so';

    my $data = theirs("$place/theirs") . '/data';
    $r = admin($data, @init);
    is $r->{exit}, 0, 'below a folder of somebody else';
    unlike $r->{err}, qr/root/, 'says nothing';
    $r = admin($data, qw(call create_repo repo_name:g/r repo_type:git));
    is $r->{exit}, 0, 'call';
    my @files = split /\0/, `find $data -print0`;
    cmp_ok @files, '>', 10, 'it made something';
    is_deeply [foreign("$place/theirs")], [], 'all of it is theirs';
};

my @COMMANDS = ([@init, '--force-yes'], [qw(token list admin)], [qw(ip list admin)], [qw(anonymous on)],
    [qw(password admin --password secret-2)], [qw(email list admin)], [qw(perm default)], ['set'],
    [qw(follow admin r --remove)], [qw(journal list)], [qw(backup COPY)], [qw(call get_repos)], ['check'],
    [qw(check --repair)]);

subtest 'planted by the owner' => sub {
    my $victim = theirs("$place/victim");
    chown 0, 0, $victim;
    for my $command (@COMMANDS) {
        my $data = theirs("$place/planted");
        admin($data, @init)->{exit} == 0 or die 'init';
        admin($data, qw(call create_repo repo_name:r repo_type:git))->{exit} == 0 or die 'create_repo';
        spew("$victim/file", 'x');
        unlink "$data/rcapi.db.lock";
        symlink "$victim/lock", "$data/rcapi.db.lock";
        symlink "$victim/old", "$data/rcapi.db.old";
        symlink "$victim/copy", "$data/copy";
        symlink $victim, "$data/repos/v";
        spew("$data/repos/.rc_tmp/0.op", "$victim/moved\0$victim/file\0");
        spew("$data/repos/.rc_tmp/1.op", "$data/repos/v/moved\0$data/repos/v/file\0");
        system 'chown', '-hR', "$uid:$gid", $data;
        my $r = admin($data, map { s/COPY/$data\/copy/r } @$command);
        ok $r->{exit} != 127 && !$r->{signal}, "@$command[0 .. ($#$command > 1 ? 1 : $#$command)]: ends ($r->{exit})";
        is join(' ', map { s{.*/}{}r } glob "$victim/*"), 'file', 'nothing changes elsewhere';
        is_deeply [foreign($data)], [], 'nothing there belongs to root';
        system 'rm', '-rf', $data;
    }
};

subtest 'folders that are not only root\'s' => sub {
    my $shared = "$place/shared";
    mkdir $shared;
    chmod 0777, $shared;
    my $refused = qr/^rcapi-admin: other users than root can change \Q$shared\E: run this program as/;
    my $r = admin("$shared/data", @init);
    is $r->{exit}, 1, 'a folder where all may write';
    like $r->{err}, $refused, 'says why';
    chmod 01777, $shared;
    is admin("$shared/data", @init)->{exit}, 1, 'one like /tmp';
    ok !-e "$shared/data", 'nothing is made';
    mkdir "$shared/mine";
    is admin("$shared/mine/data", @init)->{exit}, 0, 'a folder of root in that';

    my $data = theirs("$place/mixed");
    admin($data, @init);
    my ($other) = grep { $_ && $_ != $uid } map { (getpwnam $_)[2] } qw(nobody daemon bin);
    chown $other, -1, "$data/repos";
    $r = admin($data, 'check');
    is $r->{exit}, 1, 'two owners';
    like $r->{err}, qr{^rcapi-admin: $data/?\S* and $data/repos belong to different accounts: run this program as},
        'says why';

    my $link = theirs("$place/links") . '/data';
    mkdir "$place/roots2";
    symlink "$place/roots2", $link;
    $r = admin($link, @init);
    is $r->{exit}, 1, 'a link of somebody else to a folder of root';
    is join(' ', glob "$place/roots2/*"), '', 'is not followed';
};

subtest 'httpd started by root' => sub {
    my $data = theirs("$place/served");
    admin($data, @init)->{exit} == 0 or die 'init';
    my $victim = theirs("$place/victim2");
    chown 0, 0, $victim;
    chmod 0700, $victim;
    unlink "$data/rcapi.db.lock";
    symlink "$victim/lock", "$data/rcapi.db.lock";
    symlink "$victim/cache", "$data/repos/.rc_archives";
    spew("$victim/file", 'x');
    spew("$data/repos/.rc_tmp/0.op", "$victim/moved\0$victim/file\0");
    system 'chown', '-hR', "$uid:$gid", $data;
    mkdir "$place/httpd";
    mkdir "$place/httpd/logs";
    theirs("$place/httpd/tmp");
    my $server = RCAPI::Server->new(dir => "$place/httpd", as_root => 1, sweep => [],
        env => { LD_PRELOAD => $ENV{RCAPI_PRELOAD} // '', ASAN_OPTIONS => 'detect_leaks=0' }, config => <<"END");
LoadModule rcapi_module $build/mod_rcapi.so
RcapiDatabase $data/rcapi.db
RcapiRepositoryRoot $data/repos
RcapiSecretFile $data/secret
<Location "/">
    SetHandler rcapi
</Location>
END
    my $r = $server->check_config("RcapiTempDirectory $victim\n");
    is $r->{exit}, 1, 'a temporary folder of root';
    like $r->{err}, qr/RcapiTempDirectory: the account of httpd's children cannot use/, 'is refused';
    is $server->check_config('')->{exit}, 0, 'httpd -t';
    is join(' ', map { s{.*/}{}r } glob "$victim/*"), 'file', 'changes nothing';
    ok -e "$data/repos/.rc_tmp/0.op", 'and repairs nothing';
    $server->start;
    $server->stop;
    is join(' ', map { s{.*/}{}r } glob "$victim/*"), 'file', 'neither does a start';
    is_deeply [foreign($data)], [], 'nothing there belongs to root';
};

done_testing;
