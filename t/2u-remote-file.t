#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# File remotes (contract 05): nothing below the repository root is ever read, whatever leads there.
use strict;
use warnings;
use IO::Handle;
use POSIX ();
use Test::More;
use RCAPI::Run qw(spew);
use RCAPI::Test;

# Root can mount folders a second time, for this process alone; by a child that stays root.
if ($> == 0 && !$ENV{RCAPI_OWN_MOUNTS} && system('unshare -m true 2>/dev/null') == 0) {
    $ENV{RCAPI_OWN_MOUNTS} = 1;
    exec 'unshare', '-m', $^X, (map { "-I$_" } grep { !ref } @INC), $0;
}
my ($ask, $said, $mounter);
if ($ENV{RCAPI_OWN_MOUNTS}) {
    pipe my $in, $ask or die $!;
    pipe $said, my $out or die $!;
    $_->autoflush for $ask, $out;
    $mounter = fork // die $!;
    if (!$mounter) {
        close $ask;
        while (my $line = <$in>) {
            chomp $line;
            last if $line eq 'end';
            print $out system(split / /, $line), "\n";
        }
        POSIX::_exit(0);
    }
}

my $t = RCAPI::Test->new;
my $REPOS = "$t->{dir}/data/repos";
my $OUT = "$t->{dir}/scratch/outside";
mkdir $OUT;
$t->user('eve');
$t->repo('private', commits => 3, args => { private => 1 });
$t->repo('plain', commits => 2);
my $n = 0;

# create_repo by a plain user; its error, and the end of the log.
sub try_uri {
    my ($uri) = @_;
    my $seen = length $t->error_log;
    my $error = $t->call(create_repo => { repo_name => 'got' . ++$n, repo_type => 'git', clone_uri => $uri },
        as => 'eve')->{error};
    return ($error, substr $t->error_log, $seen);
}

sub refused {
    my ($uri, $what, $why) = @_;
    my ($error, $log) = try_uri($uri);
    is $error, "failed to create repository `got$n`", $what;
    like $log, $why // qr/leads below the repository root/, "$what: the log says why";
}

sub taken { my ($uri, $what) = @_; my ($error, $log) = try_uri($uri); is $error, undef, $what or diag $log }

# A bare repository outside.
sub outside {
    my ($name) = @_;
    $t->git('.', qw(clone -q --bare), "$t->{dir}/scratch/plain", "$OUT/$name");
    return "$OUT/$name";
}

subtest 'ways to write the path' => sub {
    (my $percent = "$REPOS/private") =~ s/([a-z])/sprintf '%%%02x', ord $1/e;
    (my $back = "$OUT/x") =~ s{[^/]+}{..}g;
    refused("file://$REPOS/private", 'a URL');
    refused("$REPOS/private", 'a path');
    refused("file://$percent", 'percent escapes');
    refused("file:///$REPOS/./private//", 'slashes and dots');
    refused("file://$OUT/../../data/repos/private", 'through the parent');
    refused("$REPOS/private/objects/..", 'and back');
    refused("$REPOS/.rc_tmp/../private", 'from .rc_tmp');
    refused("file://localhost$REPOS/private", 'a host', qr/names a host for a file/);
    refused('repos/private', 'a relative path', qr/neither a URL nor/);
    refused("file:$REPOS/private", 'no slashes', qr/remote address/);
    refused("FILE://$REPOS/private", 'large letters');
    refused("ext::cat $REPOS/private", 'a helper', qr/remote address/);
    refused("file://$REPOS", 'the root itself');
};

subtest 'links' => sub {
    symlink "$REPOS/private", "$OUT/link" or die $!;
    refused("file://$OUT/link", 'to the repository');
    symlink $REPOS, "$OUT/root";
    refused("file://$OUT/root/private", 'to the root');
    symlink "$REPOS/private", "$OUT/suffix.git";
    refused("file://$OUT/suffix", 'found by the ending .git');
    mkdir "$OUT/tree";
    symlink "$REPOS/private", "$OUT/tree/.git";
    refused("file://$OUT/tree", 'found as .git');
    $t->git("$REPOS/private", qw(pack-refs --all));
    for my $part (qw(objects refs packed-refs HEAD)) {
        my $repo = outside("part-$part.git");
        $t->run('rm', '-rf', "$repo/$part");
        symlink "$REPOS/private/$part", "$repo/$part" or die $!;
        refused("file://$repo", "$part of a repository");
    }
    my $loose = outside('loose-end.git');
    symlink "$REPOS/private/not-yet", "$loose/refs/heads/x";
    refused("file://$loose", 'to what is not there yet', qr/has a link to a missing file/);
    my $deep = outside('deep.git');
    symlink "$REPOS/private/objects/pack", "$deep/objects/aa";
    refused("file://$deep", 'a folder of objects');
    $t->git($deep, qw(repack -adq));
    unlink "$deep/objects/aa";
    symlink 'packed-refs', "$deep/a-link";
    taken("file://$deep", 'a link that stays inside does no harm');
};

subtest 'files that lead elsewhere' => sub {
    my $repo = outside('alternates.git');
    my @lines = ("$REPOS/private/objects", "../../../../data/repos/private/objects",
        "# none\n\n$REPOS/private/objects");
    for my $line (@lines) {
        spew("$repo/objects/info/alternates", "$line\n");
        refused("file://$repo", 'alternates ' . ($line =~ s/\n/|/gr =~ s/\Q$t->{dir}\E/.../r));
    }
    spew("$repo/objects/info/alternates", "\"$REPOS/private/objects\"\n");
    refused("file://$repo", 'quoted alternates', qr/has quoted alternates/);
    my $between = outside('between.git');
    spew("$between/objects/info/alternates", "$REPOS/private/objects\n");
    spew("$repo/objects/info/alternates", "$between/objects\n");
    refused("file://$repo", 'alternates of alternates');
    spew("$between/objects/info/alternates", "$between/objects\n");
    refused("file://$repo", 'alternates in a circle', qr/leads through too many/);
    unlink "$between/objects/info/alternates";
    taken("file://$repo", 'alternates elsewhere are fine');

    mkdir "$OUT/file";
    spew("$OUT/file/.git", "gitdir: $REPOS/private\n");
    refused("file://$OUT/file", 'a .git file');
    spew("$OUT/file/.git", "gitdir: ../../../data/repos/private\n");
    refused("file://$OUT/file", 'a relative one');
    my $common = outside('common.git');
    spew("$common/commondir", "$REPOS/private\n");
    refused("file://$common", 'commondir');
    my $fifo = outside('fifo.git');
    unlink "$fifo/HEAD";
    POSIX::mkfifo("$fifo/HEAD", 0600);
    refused("file://$fifo", 'a FIFO', qr/holds a special file/);
    taken("file://$t->{dir}/scratch/plain", 'a work tree is fine');
    $t->git("$t->{dir}/scratch/plain", qw(worktree add -q), "$OUT/worktree");
    taken("file://$OUT/worktree", 'one of several work trees, too');
    $t->git("$t->{dir}/scratch/plain", qw(bundle create -q), "$OUT/bundle", '--all');
    taken("$OUT/bundle", 'a bundle');
};

subtest 'pull and update_repo' => sub {
    $t->must(create_repo => { repo_name => 'mine', repo_type => 'git' }, as => 'eve');
    is $t->call(update_repo => { repoid => 'mine', clone_uri => "$OUT/link" }, as => 'eve')->{error},
        'failed to update repo `mine`', 'update_repo refuses it, too';
    my $turns = outside('turns.git');
    $t->must(update_repo => { repoid => 'mine', clone_uri => "file://$turns" }, as => 'eve');
    rename $turns, "$turns.old";
    symlink "$REPOS/private", $turns;
    is $t->call(pull => { repoid => 'mine' }, as => 'eve')->{error}, 'Unable to pull changes from `mine`',
        'a pull looks again';
    is $t->git("$REPOS/mine", 'for-each-ref'), '', 'nothing came';
    my $r = $t->try_admin('call', 'create_repo', 'repo_name:cli', 'repo_type:git', "clone_uri:file://$REPOS/private");
    is $r->{exit}, 1, 'rcapi-admin call';
};

subtest 'folders that are mounted twice' => sub {
    plan skip_all => 'needs root, and a mount namespace' if !$ask;
    my $as_root = sub { print $ask "@_\n"; chomp(my $status = <$said>); return $status };
    my @mounted;
    my $bind = sub {
        is $as_root->('mount', '--bind', @_), 0, "mounted $_[1]" =~ s/\Q$t->{dir}\E//r;
        unshift @mounted, $_[1];
    };
    mkdir "$OUT/bind-$_" for 1 .. 2;
    $bind->($REPOS, "$OUT/bind-1");
    refused("file://$OUT/bind-1/private", 'the root');
    $bind->("$REPOS/private", "$OUT/bind-2");
    refused("file://$OUT/bind-2", 'a repository');
    my $repo = outside('mounted.git');
    $bind->("$REPOS/private/objects", "$repo/objects");
    refused("file://$repo", 'objects', qr/contains a mount point/);
    is $as_root->('umount', $_), 0, 'unmounted' for @mounted;
};

if ($mounter) {
    print $ask "end\n";
    waitpid $mounter, 0;
}
$t->done;
done_testing;
