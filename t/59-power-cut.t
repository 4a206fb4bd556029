#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A power cut directly after each answer: the disk is an image on a loop device, which is copied
# then, with no more than what was written to it, and mounted again. Root's test only.
use strict;
use warnings;
use File::Spec ();
use POSIX ();
use Test::More;
use RCAPI::Git;
use RCAPI::Run qw(account run);
use RCAPI::Temp;

plan skip_all => 'only root can mount' if !account();
my $BUILD = File::Spec->rel2abs($ENV{RCAPI_BUILD} // 'build');
my $dir = RCAPI::Temp::dir(disk => 1);
my ($account, $uid, $gid) = account();
my @mounted;
chmod 0755, "$dir";
mkdir "$dir/$_" for qw(disk copy src);
END { my $status = $?; system('umount', $_) for reverse @mounted; $? = $status }

sub root { my $r = run({ root => 1 }, @_); return $r->{exit} == 0 && $r->{signal} == 0 }

# No journal commit and no write of its own during the test: what is on the disk was synced.
sub mount_image {
    my ($image, $to) = @_;
    return if !root('mount', '-o', 'loop,commit=300', $image, $to);
    push @mounted, $to;
    return 1;
}

sub unmount { system('umount', $_[0]); @mounted = grep { $_ ne $_[0] } @mounted }

root('truncate', '-s', '48M', "$dir/image") && root('mkfs.ext4', '-q', '-F', "$dir/image")
    && mount_image("$dir/image", "$dir/disk")
    or plan skip_all => 'an image cannot be mounted here';
chown $uid, $gid, "$dir/disk", "$dir/src";
root('cp', '-R', "$BUILD/bin", "$dir/"); # the account may not enter the folder of the build

sub admin {
    my ($disk, @args) = @_;
    return run({ dir => "$dir/src" }, "$dir/bin/rcapi-admin", '--data', "$dir/$disk/data", @args)
}

is(admin('disk', 'init', '--user', 'admin', '--email', 'a@example.org', '--password', 'secret7',
    '--force-yes')->{exit}, 0, 'init');
my $n = 0;

# What an acknowledged call leaves on the disk when the power goes out at its answer.
sub cut {
    my ($sees, $name, @call) = @_;
    my $r = admin('disk', @call);
    root('cp', '--sparse=always', "$dir/image", "$dir/cut");
    is($r->{exit}, 0, $name) or diag($r->{out}, $r->{err});
    mount_image("$dir/cut", "$dir/copy") or return fail("$name: the copy cannot be mounted");
    my $repaired = admin('copy', 'check', '--repair');
    is($repaired->{exit}, 0, "$name: repaired") or diag $repaired->{out}, $repaired->{err};
    my $check = admin('copy', 'check');
    is("$check->{exit} $check->{out}", '0 ', "$name: check finds nothing");
    ok($sees->(), "$name: is there");
    unmount("$dir/copy");
}

sub git {
    my ($repo, @args) = @_;
    return run({}, 'git', '-c', 'safe.directory=*', '-C', "$dir/copy/data/repos/$repo", @args)
}
sub whole {
    my ($repo) = @_;
    return !git($repo, qw(fsck --strict --no-dangling))->{exit} && git($repo, qw(symbolic-ref HEAD))->{out}
}
sub head { my ($repo) = @_; return git($repo, qw(rev-parse master))->{out} }
sub result { return admin('copy', 'call', @_)->{out} }

cut(sub { 1 }, 'init', 'check');

# The work tree belongs to the account.
sub as_account {
    my ($work) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        RCAPI::Run::become();
        $work->();
        POSIX::_exit(0);
    }
    waitpid $pid, 0;
}
as_account(sub {
    RCAPI::Git::init("$dir/src");
    RCAPI::Git::history("$dir/src", 5, 1);
    RCAPI::Git::git("$dir/src", qw(commit -q --allow-empty -m last));
});
my $call = sub { my ($method, @args) = @_; return ("$method @args", 'call', $method, @args) };

cut(sub { whole('a') }, $call->(qw(create_repo repo_name:a repo_type:git)));
cut(sub { whole('g/h/a') }, $call->(qw(create_repo repo_name:g/h/a repo_type:git)));
cut(sub { whole('c') && head('c') }, $call->(qw(create_repo repo_name:c repo_type:git), "clone_uri:file://$dir/src"));
cut(sub { whole('f') && head('f') eq head('c') }, $call->(qw(fork_repo repoid:c fork_name:f)));
as_account(sub {
    RCAPI::Git::git("$dir/src", qw(commit -q --allow-empty -m pulled));
    RCAPI::Git::git("$dir/src", qw(branch a/new));
});
cut(sub { whole('c') && head('c') ne head('f') && !git('c', qw(rev-parse --verify a/new))->{exit} },
    $call->(qw(pull repoid:c)));
my $gist = qr/"content":\s*\{"f":\s*"some text"\}/;
cut(sub { result(qw(get_gist gistid:1 content:true)) =~ $gist && whole('.rc_gist_store/1') },
    $call->('create_gist', 'files:={"f":{"content":"some text"}}'));
cut(sub { -d "$dir/copy/data/repos/e" }, $call->(qw(create_repo_group group_name:e)));
cut(sub { whole('e/b') && !-e "$dir/copy/data/repos/a" }, $call->(qw(update_repo repoid:a name:b group:e)));
cut(sub { whole('e/k/h/a') }, $call->(qw(update_repo_group repogroupid:g group_name:k parent:e)));
my ($tip) = admin('disk', qw(call get_repo repoid:f))->{out} =~ /"raw_id":\s*"(\w+)"/;
cut(sub { head('f') =~ /^\w{40}$/ && head('f') ne "$tip\n" },
    $call->('strip', 'repoid:f', "revision:$tip", 'branch:master'));
cut(sub { !-e "$dir/copy/data/repos/e/b" && glob "$dir/copy/data/repos/e/rm__*" },
    $call->(qw(delete_repo repoid:e/b)));
cut(sub { !-e "$dir/copy/data/repos/.rc_gist_store/1" }, $call->(qw(delete_gist gistid:1)));
unmount("$dir/disk");

done_testing;
