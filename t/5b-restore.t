#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# An older copy of the database with newer repositories, gists and groups on the disk, and the other
# way round: every call that writes does what it is asked, or says what to do; nothing is lost.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $data = "$t->{dir}/data";
my $ROOT = "$data/repos";
my $files = { f => { content => 'text' } };

sub restore {
    my ($backup) = @_;
    $t->stop;
    if (my $pg = $t->{pg}) {
        $t->sql('DROP SCHEMA rcapi CASCADE');
        my $r = $t->run("$pg->{bin}/pg_restore", '--exit-on-error', '-d', $t->database =~ s/^postgresql://r, $backup);
        die "pg_restore: $r->{err}" if $r->{exit};
    } else {
        unlink map { "$data/rcapi.db$_" } '', '-wal', '-shm';
        rename $backup, "$data/rcapi.db" or die "$backup: $!";
    }
    $t->start;
}

$t->repo('old', commits => 3);
$t->must(create_repo_group => { group_name => 'g' });
$t->must(create_gist => { files => $files });
$t->admin('backup', "$data/older");
my $late = $t->repo('late', commits => 2);
$t->must(create_repo => { repo_name => 'g/late', repo_type => 'git' });
$t->must(create_repo_group => { group_name => 'empty' });
$t->must(create_repo_group => { group_name => 'g/sub' });
$t->must(create_repo => { repo_name => 'n/m/late', repo_type => 'git' });
$t->must(create_gist => { files => { f => { content => "late $_" } } }) for 1 .. 2;
$t->must(delete_repo => { repoid => 'old' });
$t->must(update_repo_group => { repogroupid => 'g', group_name => 'h' });
restore("$data/older");

subtest 'an older database' => sub {
    my $gist = $t->must(create_gist => { files => $files })->{gist};
    is_deeply($t->must(get_gist => { gistid => $gist->{access_id}, content => JSON::PP::true })->{content},
        { f => 'text' },
        'create_gist: the new text, not the one that was there');
    $t->must(create_gist => { files => $files });
    my @aside = glob "$ROOT/.rc_left/*/.rc_gist_store/*/HEAD";
    is(scalar(@aside), 2, 'what was there is kept');
    like($t->error_log, qr{gist_store/2 is not in the database and was in the way: it is set aside as},
        'the log says where');

    $t->must(create_repo_group => { group_name => 'empty' });
    pass('create_repo_group takes an empty folder');
    $t->must(create_repo_group => { group_name => 'n' });
    ok(-e "$ROOT/n/m/late/HEAD", 'and one with repositories in it');
    $t->must(create_repo => { repo_name => 'n/m/new', repo_type => 'git' });

    is($t->call(create_repo => { repo_name => 'late', repo_type => 'git' })->{error},
        'failed to create repository `late`',
        'a whole repository is not pushed aside');
    like($t->error_log, qr{repos/late is a repository that is not in the database: rescan_repos adds it},
        'the log says what to do');
    is($t->call(create_repo_group => { group_name => 'late' })->{error}, 'failed to create repo group `late`',
        'by a group neither');
    my $added = $t->must(rescan_repos => {})->{added};
    ok(grep({ $_ eq 'late' } @$added) && grep({ $_ eq 'n/m/late' } @$added) && grep({ $_ eq 'h/late' } @$added),
        "rescan_repos adds them: @$added");
    is($t->git("$ROOT/late", qw(rev-list --count master)), "2\n", 'untouched');

    $t->must(update_repo_group => { repogroupid => 'g', group_name => 'k' });
    $t->must(create_repo => { repo_name => 'k/x', repo_type => 'git' });
    ok(-e "$ROOT/k/x/HEAD", 'a group whose folder has another name now');
    ok($t->call(update_repo => { repoid => 'old', name => 'older' })->{error},
        'a repository that is gone cannot be renamed');
    $t->must(delete_repo => { repoid => 'old' });
    pass('but deleted');
    $t->must(delete_repo_group => { repogroupid => 'empty' });
    $t->must(fork_repo => { repoid => 'late', fork_name => 'forked' });
    $t->must(update_repo => { repoid => 'forked', name => 'renamed' });
    $t->must(delete_gist => { gistid => $gist->{access_id} });
};

subtest 'junk in the way' => sub {
    mkdir "$ROOT/junk";
    spew("$ROOT/junk/x", 'x');
    spew("$ROOT/file", 'x');
    $t->must(create_repo => { repo_name => 'junk', repo_type => 'git' });
    $t->must(create_repo => { repo_name => 'file/in/it', repo_type => 'git' });
    ok(-e "$ROOT/junk/HEAD" && -e "$ROOT/file/in/it/HEAD", 'is pushed aside');
    is(join('', map { slurp($_) } glob("$ROOT/.rc_left/*/junk/x"), glob("$ROOT/.rc_left/*/file")), 'xx', 'and kept');
};

$t->done;
done_testing;
