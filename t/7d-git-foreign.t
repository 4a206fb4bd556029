#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The programs that git's URLs start: no config and no hook of a repository adds one to them, and none
# of them gets to know a key or a password.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;

use RCAPI::GitClient;
use RCAPI::Processes;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1);
my $traps = $t->dir . '/scratch/traps';
my $ran = $t->dir . '/scratch/ran';
mkdir $traps;
mkdir "$traps/hooks";
my @HOOKS = qw(pre-receive update post-receive post-update proc-receive reference-transaction push-to-checkout
    pre-auto-gc post-index-change fsmonitor-watchman);

# A program that leaves a trace; its path.
sub trap {
    my ($name) = @_;
    spew("$traps/$name", "#!/bin/sh\necho $name >>$ran\n");
    chmod 0755, "$traps/$name";
    return "$traps/$name";
}

sub traces { my $text = slurp($ran); unlink $ran; return join ' ', split /\n/, $text }

# Sets all traps in a repository.
sub bait {
    my ($path) = @_;
    for my $hook (@HOOKS) {
        trap("hooks/$hook");
        symlink "$traps/hooks/$hook", "$path/hooks/$hook";
    }
    spew("$traps/included", "[uploadpack]\npackObjectsHook = ${\ trap('included-packObjectsHook')}\n"
        . "[core]\nhooksPath = $traps/hooks\nfsmonitor = ${\ trap('included-fsmonitor')}\n");
    my @config = map { [$_ => trap($_ =~ s/\W/-/gr)] } qw(core.fsmonitor core.sshCommand core.alternateRefsCommand
        core.gitProxy core.pager core.editor core.askPass credential.helper diff.external gpg.program gpg.ssh.program
        uploadpack.packObjectsHook filter.trap.smudge filter.trap.clean diff.trap.textconv diff.trap.command
        merge.trap.driver sequence.editor trailer.trap.command pager.upload-pack alias.upload-pack alias.pack-objects
        remote.evil.uploadpack remote.evil.receivepack pack.preferBitmapTips);
    push @config, ['core.hooksPath' => "$traps/hooks"], ['include.path' => "$traps/included"],
        ['includeIf.gitdir:/.path' => "$traps/included"], ['receive.procReceiveRefs' => 'refs/heads/for'],
        ['receive.autogc' => 'true'], ['gc.auto' => 1], ['maintenance.auto' => 'true'],
        ['protocol.allow' => 'always'], ['protocol.ext.allow' => 'always'], ['remote.evil.promisor' => 'true'],
        ['remote.evil.url' => 'ext::' . trap('ext')], ['remote.evil.vcs' => 'trap'];
    $t->git($path, 'config', '--add', @$_) for @config;
    spew("$path/info/attributes", "* filter=trap diff=trap merge=trap\n");
    spew("$path/objects/info/alternates", $t->dir . "/data/repos/lender/objects\n");
}

my $admin = RCAPI::GitClient->new($t, as => 'admin');

subtest 'a repository that brings programs along' => sub {
    $t->repo('lender', commits => 3, seed => 2);
    my $repo = $t->repo('evil', commits => 10);
    bait($repo->{path});
    my $work = $t->dir . '/scratch/evil';
    RCAPI::Git::git($work, { env => { GIT_CONFIG_COUNT => 0 } }, 'push', '-q', $repo->{path}, 'HEAD:refs/heads/trap');
    like(traces(), qr{hooks/pre-receive}, 'plain git falls into the traps');
    for my $v (0 .. 2) {
        my $git = RCAPI::GitClient->new($t, as => 'admin', version => $v);
        my $clone = $git->clone('evil');
        is(traces(), '', "version $v: a clone");
        $git->clone('evil', @$_) for ['--depth', 2 + $v], ['--no-checkout', '--filter=blob:none'];
        is(traces(), '', '... shallow, partial');
        $t->git($clone, qw(commit -q --allow-empty -m more));
        $git->must($clone, 'push', '-q', 'origin', "HEAD:refs/heads/b$v", "HEAD:refs/tags/t$v");
        $git->must($clone, 'push', '-q', '--atomic', 'origin', "HEAD~1:refs/heads/c$v", "HEAD~1:refs/heads/d$v");
        $git->must($clone, 'push', '-q', 'origin', "+HEAD~2:refs/heads/b$v", ":refs/heads/c$v");
        is(traces(), '', '... pushes');
        $git->must($clone, 'fetch', '-q', '--prune', 'origin');
        is(traces(), '', '... a fetch');
        isnt($git->try($clone, 'push', '-q', 'origin', 'HEAD:refs/heads/for/you')->{exit}, 0, '... for proc-receive');
        is(traces(), '', '... is refused');
    }
    $t->must(maintenance => { repoid => 'evil' });
    $t->must(get_repo => { repoid => 'evil' });
    is(traces(), '', 'maintenance');
};

subtest 'a repository that wants objects from elsewhere' => sub {
    my $repo = $t->repo('lazy', commits => 5);
    bait($repo->{path});
    unlink "$repo->{path}/objects/info/alternates";
    my $work = $t->dir . '/scratch/lazy';
    my @blobs = $t->git($work, qw(rev-list --objects --filter-print-omitted --filter=blob:none master)) =~ /^~(\w+)/mg;
    unlink map { s{^(..)}{$repo->{path}/objects/$1/}r } @blobs;
    $t->run('git', '-C', $repo->{path}, qw(-c safe.directory=* cat-file -e), $blobs[0]);
    like(traces(), qr/remote-evil|ext/, 'plain git falls into a trap');
    for my $v (0 .. 2) {
        my $git = RCAPI::GitClient->new($t, as => 'admin', version => $v);
        my ($url, $to) = ($git->url('lazy'), $git->folder);
        isnt($git->try($t->dir, 'clone', '-q', $url, $to)->{exit}, 0, "version $v: a clone fails");
        $t->git($work, qw(commit -q --allow-empty -m more));
        is($git->try($work, 'push', '-q', $url, "HEAD:refs/heads/b$v")->{exit}, 0, '... a push does not');
        is(traces(), '', '... nothing is started');
    }
};

subtest 'keys and passwords' => sub {
    my $work = $t->dir . '/scratch/secret';
    my $repo = $t->repo('secret', build => sub {
        for my $n (1 .. 3) {
            spew("$work/noise$n", RCAPI::Git::random_hex(600_000));
            $t->git($work, 'add', '.');
            $t->git($work, 'commit', '-q', '-m', "noise $n");
        }
    });
    my $password = 'canary-' . RCAPI::Git::random_hex(8);
    $t->secret($password);
    $t->user('bob', password => $password);
    $t->must(grant_user_permission => { repoid => 'secret', userid => 'bob', perm => 'repository.write' });
    my $token = $t->token('bob', '--role', 'vcs');
    my ($child) = $t->children;
    my $n = 0;
    for (['a password', basic => "bob:$password"], ['a token', basic => "x-token-auth:$token"],
        ['a key', as => 'bob']) {
        my ($about, @how) = @$_;
        my $git = RCAPI::GitClient->new($t, @how);
        my $url = $git->url('secret');
        my ($texts, %names) = ('');
        for my $try (1 .. 10) { # of processes of milliseconds one may be missed
            $n++;
            spew("$work/more", RCAPI::Git::random_hex(600_000));
            $t->git($work, 'add', '.');
            $t->git($work, 'commit', '-q', '-m', 'more');
            my $to = $git->folder;
            my $seen = watch_processes($child, sub {
                my @exits = map { $_->{exit} } $git->try($work, 'push', '-q', $url, "HEAD:refs/heads/b$n"),
                    $git->try($t->dir, 'clone', '-q', '--no-checkout', $url, $to);
                return "@exits";
            });
            is($seen->{result}, '0 0', "a push and a clone with $about");
            $texts .= $seen->{texts};
            %names = (%names, %{ $seen->{names} });
            last if $names{'git receive-pack'} && $names{'git upload-pack'};
        }
        like(join(' ', sort keys %names), qr/git receive-pack.*git upload-pack/, '... seen');
        my @secrets = ($password, $token, $t->key('bob'), map { encode_base64($_, '') } "bob:$password",
            "x-token-auth:$token");
        is(scalar(grep { index($texts, $_) >= 0 } @secrets), 0, '... without a secret');
        unlike($texts, qr/^(?:HTTP_|REMOTE_|RCAPI_)/m, '... nor what httpd knows');
    }
};

$t->done;
done_testing;
