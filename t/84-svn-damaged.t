#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Damaged Subversion repositories: every answer is an answer, in time, and no child is lost; what the damage does not
# touch is still read. Missing and odd revision properties, and texts that are far apart.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 1, threads => 8);
my $ROOT = "$t->{dir}/data/repos";
my $COUNT = 12;
my $MUTANTS = rounds(40, 400);

RCAPI::Svn::program('svnadmin', 'create', '--compatible-version', '1.9', "$ROOT/whole");
RCAPI::Svn::history(RCAPI::Svn->dump, $COUNT, 5)->load("$ROOT/whole");

$t->admin('set', 'default_repo_enable_downloads', 'on');

sub must_run { system(@_) == 0 or die "@_" }

# A copy with an identity of its own, so that no cache knows it.
sub copy {
    my ($name) = @_;
    must_run('cp', '-R', "$ROOT/whole", "$ROOT/$name");
    must_run('chmod', '-R', 'u+w', "$ROOT/$name");
    my $uuid = sub { join '-', map { sprintf '%0*x', $_, rand 16**$_ } 4, 4, 4, 4, 6 };
    spew("$ROOT/$name/db/uuid", $uuid->() . "\n" . $uuid->() . "\n");
    return "$ROOT/$name";
}

sub mutate {
    my ($file) = @_;
    my $bytes = slurp($file);
    my $how = rand;
    if ($how < 0.15) { $bytes = substr $bytes, 0, rand length $bytes }
    elsif ($how < 0.3) { substr $bytes, rand(length $bytes), 1 + rand 40, '' }
    elsif ($how < 0.5) { $bytes =~ s/(\d+)/rand() < 0.3 ? int rand 10 ** (1 + int rand 12) : $1/ge }
    else { substr $bytes, rand(length $bytes), 1, chr rand 256 for 1 .. 1 + rand 8 }
    spew($file, $bytes);
}

sub answers {
    my ($name) = @_;
    my @calls = (
        [get_repo => {}], [get_repo_refs => {}], [get_repo_changesets => { start_rev => '', limit => -1 }],
        [get_repo_changesets => { start_rev => '', limit => -1, details => 'full' }],
        [get_repo_nodes => { revision => 'tip', root_path => '/', details => 'full' }],
    );
    my %bad;
    for (@calls) {
        my $a = $t->call($_->[0], { repoid => $name, %{ $_->[1] } });
        $bad{ $_->[0] } = $a->{broken} if defined $a->{broken};
    }
    my @views = map { ("changeset-diff/$_", "changeset-patch/$_", "raw/$_/trunk/a", "archive/$_.tar") } 1, 7, $COUNT;
    for my $view (@views) {
        my $status = $t->get("/$name/$view", as => 'admin')->status;
        $bad{$view} = $status if $status !~ /^(?:200|404|413|500)$/;
    }
    my $status = $t->get("/$name/feed/atom", as => 'admin')->status;
    $bad{feed} = $status if $status !~ /^(?:200|404|500)$/;
    return \%bad;
}

subtest 'bytes changed at random' => sub {
    # libsvn asks for terabytes here, and the sanitizer's allocator ends the process by itself
    plan skip_all => 'not with a sanitizer' if $ENV{RCAPI_PRELOAD};
    srand 11;
    my @names;
    for my $n (1 .. $MUTANTS) {
        my $dir = copy("m$n");
        my @files = (glob("$dir/db/revs/0/*"), glob("$dir/db/revprops/0/*"), "$dir/db/current");
        mutate($files[rand @files]) for 1 .. 1 + rand 3;
        push @names, "m$n";
    }
    my $found = $t->must(rescan_repos => {});
    my %added = map { $_ => 1 } @{ $found->{added} };
    cmp_ok scalar(grep { $added{$_} } @names), '>', $MUTANTS / 4, 'many are added';
    my ($pid) = $t->children;
    for my $name (grep { $added{$_} } @names) {
        is_deeply answers($name), {}, $name or last;
    }
    is_deeply [$t->children], [$pid], 'the same child answered all of it';
    is_deeply answers('whole'), {}, 'the whole one is read';
    is $t->must(get_repo => { repoid => 'whole' })->{last_changeset}{raw_id}, $COUNT, 'and is complete';
};

# libsvn would follow these until all memory is taken.
subtest 'deltas without end' => sub {
    $t->must(rescan_repos => {});
    my $dump = RCAPI::Svn->dump;
    for my $n (1 .. 8) {
        my $text = join '', map { $_ * 7919 % 1000 * $n . "\n" } 1 .. 60;
        $dump->revision(log => "r$n");
        $n == 1 ? $dump->file('f', $text . "kept\n" x 300) : $dump->edit('f', $text . "kept\n" x 300);
    }
    # the first revision with this delta, and what it becomes
    my %loops = (itself => ['5', '6'], 'each other' => ['5', '7'], 'later ones' => ['5', '9'], none => ['5', '5']);
    my %file;
    for my $case (['1.9', 0], ['1.9', 1], ['1.8', 0], ['1.8', 1], ['1.4', 0]) {
        my ($version, $packed) = @$case;
        my $made = "$t->{dir}/scratch/made$version-$packed";
        RCAPI::Svn::program('svnadmin', 'create', '--compatible-version', $version, $made);
        unlink glob "$made/hooks/*";
        chmod 0644, "$made/db/format";
        spew("$made/db/format", slurp("$made/db/format") =~ s/sharded \d+/sharded 4/r);
        $dump->load($made);
        RCAPI::Svn::program('svnadmin', 'pack', '-q', $made) if $packed;
        for my $what (sort keys %loops) {
            my $name = "$version-$packed-$what" =~ tr/ ./__/r;
            must_run('cp', '-R', $made, "$ROOT/$name");
            must_run('chmod', '-R', 'u+w', "$ROOT/$name");
            my ($from, $to) = @{ $loops{$what} };
            my ($file) = grep { -e } map { "$ROOT/$name/db/revs/$_" } '1.pack/pack', '1/6', '6';
            my $bytes = slurp($file);
            $bytes =~ s/DELTA $from (?=\d+ \d+\n)/DELTA $to / or die "$name: no such delta";
            spew($file, $bytes);
            $file{$name} = $file =~ s{.*/db/}{db/}r;
        }
    }
    my $seen = length $t->error_log;
    my $added = join ' ', sort @{ $t->must(rescan_repos => {})->{added} };
    is $added, join(' ', sort grep { /none/ } keys %file), 'only those without are added';
    my $log = substr $t->error_log, $seen;
    my $why = 'it is a Subversion repository with a delta that does not lead to an earlier revision';
    like $log, qr{\Q$_: $why: $file{$_}\E}, "$_: the log says why" for sort grep { !/none/ } keys %file;
    my $known = '1_9-0-none';
    spew("$ROOT/$known/db/revs/1/6", slurp("$ROOT/$known/db/revs/1/6") =~ s/DELTA 5 /DELTA 6 /r);
    my $check = $t->try_admin('check');
    like "$check->{out}$check->{err}", qr{$known: it is .* lead to an earlier revision: db/revs/1/6; restore}, 'check';
    is join('', "$check->{out}$check->{err}" =~ /\b(\d_\d-\d-none): it is a Sub/g), $known, '... names no other';
    must_run('rm', '-rf', map { "$ROOT/$_" } keys %file);
    $t->must(rescan_repos => { remove_obsolete => JSON::PP::true() });
};

subtest 'one revision is lost' => sub {
    my $dir = copy('lost');
    unlink "$dir/db/revs/0/5" or die $!;
    copy('silent');
    spew("$ROOT/silent/db/revprops/0/5", 'no properties');
    $t->must(rescan_repos => {});
    my $list = $t->must(get_repo_changesets =>
        { repoid => 'lost', start_rev => '', limit => -1, details => 'extended' });
    is scalar @$list, $COUNT, 'the list is whole';
    my %broken = map { $_->{raw_id} => 1 } grep { $_->{error} } @$list;
    is_deeply [grep { $broken{$_} } 1 .. 6], [5, 6], 'what it and its successor change cannot be read';
    is $t->get('/lost/changeset-diff/5', as => 'admin')->status, 500, 'its diff';
    like $t->error_log, qr/revision.* 5 of \S*lost|revisions 4 and 5 of \S*lost/, 'the log names it';
    is $t->get('/lost/changeset-diff/2', as => 'admin')->status, 200, 'another diff';
    $list = $t->must(get_repo_changesets => { repoid => 'silent', start_rev => '', limit => -1 });
    is_deeply [map { $_->{raw_id} } grep { $_->{error} } @$list], ['5'], 'properties that cannot be read';
    is $t->get('/silent/feed/atom', as => 'admin')->status, 200, 'a feed marks it';
    is $t->get('/silent/changeset-patch/5', as => 'admin')->status, 500, 'a mail needs them';
    is $t->get('/silent/changeset-diff/5', as => 'admin')->status, 200, 'a diff does not';
};

subtest 'odd properties of revisions' => sub {
    my $dump = RCAPI::Svn->dump;
    my @odd = ({ date => undef }, { date => 'yesterday' }, { date => '' }, { log => "a\0b" }, { log => "\xff\xfe" },
        { author => "x\ny" }, { author => '' }, { log => 'x' x 300_000 }, { date => '9999-12-31T23:59:59.000000Z' },
        { date => '0001-01-01T00:00:00.000000Z' });
    for (@odd) {
        $dump->revision(log => 'm', %$_);
        $dump->file("f$dump->{rev}", "x\n");
    }
    $dump->serve($t, 'odd');
    my $list = $t->must(get_repo_changesets => { repoid => 'odd', start_rev => '', limit => -1 });
    is scalar @$list, @odd, 'all are listed';
    is $list->[$_]{date}, '1970-01-01T00:00:00', "r@{[$_ + 1]}: no date" for 0 .. 2;
    is $list->[3]{message}, 'a', 'a message ends at a NUL';
    is $list->[4]{message}, "\x{fffd}\x{fffd}", 'bytes that are no text';
    is length $list->[7]{message}, 300_000, 'a long message';
    is $t->get("/odd/changeset-patch/$_", as => 'admin')->status, 200, "a mail of r$_" for 1 .. @odd;
    unlike $t->get('/odd/changeset-patch/6', as => 'admin')->body, qr/^y/m, 'a name has one line';
};

subtest 'texts that are far apart' => sub {
    my $dump = RCAPI::Svn->dump;
    my @letters = ('a' .. 'h');
    srand 3;
    my $text = sub { join '', map { "$letters[rand @letters]\n" } 1 .. 60_000 };
    my @lines = map { "line $_\n" } 1 .. 60_000;
    $dump->revision(log => 'x');
    $dump->file('random', $text->());
    $dump->file('ordered', join '', @lines);
    $dump->revision(log => 'y');
    $dump->edit('random', $text->());
    splice @lines, $_, 1, "other $_\n" for map { $_ * 1000 } 0 .. 59;
    $dump->edit('ordered', join '', @lines);
    $dump->serve($t, 'far');
    my $start = time;
    my $a = $t->get('/far/changeset-diff/2', as => 'admin');
    is $a->status, 200, 'a diff';
    is scalar(() = $a->body =~ /^-line/mg), 60, 'unique lines divide a large text: its diff is small';
    my $dir = File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
    spew("$dir/$_", $dump->{trees}[1]{$_}[0]) for 'random', 'ordered';
    my $r = $t->run({ dir => "$dir", stdin => $a->body }, qw(git apply -p1 --whitespace=nowarn -));
    is $r->{exit}, 0, 'it applies' or diag $r->{err};
    ok slurp("$dir/$_") eq $dump->{tree}{$_}[0], "$_: and makes the new text" for 'random', 'ordered';
};

$t->done;
done_testing;
