#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Mutants: one file of a repository is changed by a bit, cut, replaced by a pipe, a link, a folder, or
# made huge. Whatever file it is: no child dies, no request hangs, and no answer is wrong. Each change is
# tried on a loose object, a pack and an index; then a seeded sample of all files follows: 40, with
# RCAPI_ROUNDS=all 180, with RCAPI_MUTANTS=3000 so many. RCAPI_SEED chooses others.
use strict;
use warnings;

use Fcntl qw(SEEK_SET);
use File::Find ();
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(time);

use RCAPI::Run qw(rounds run slurp spew);
use RCAPI::Test;

my $MUTANTS = $ENV{RCAPI_MUTANTS} // rounds(25, 180);
my $ASKED = 4;    # questions about each
my $PATIENCE = $ENV{RCAPI_MUTANTS} ? 5 : 30;    # seconds for an answer
my $seed = $ENV{RCAPI_SEED} // 20240229;
srand $seed;
diag "seed $seed" if $ENV{RCAPI_SEED};

my $t = RCAPI::Test->new(children => 1, threads => 4, whitelist => '*', directives => "RcapiArchiveCache None\n");
my $root = "$t->{dir}/data/repos";
my $spare = "$t->{dir}/scratch/spare";
mkdir $spare;

# --- the repositories

sub build {
    my ($work) = @_;
    my $commit = sub { $t->git($work, 'add', '-A'); $t->git($work, qw(commit -q -m), $_[0]) };
    mkdir "$work/dir";
    for my $n (1 .. 6) {
        spew("$work/a.txt", join '', map { "line $_ of $n\n" } 1 .. 40 + $n);
        spew("$work/dir/b$n.txt", "$n\n" x $n);
        spew("$work/a.bin", pack 'C*', map { $_ * $n % 256 } 0 .. 3000);
        $commit->("Commit $n");
        $t->git($work, qw(tag -a -m), "tag $n", "v$n") if $n % 2;
    }
    $t->git($work, qw(checkout -q -b side HEAD~3));
    spew("$work/side.txt", "side\n");
    $commit->('Side');
    $t->git($work, qw(checkout -q master));
    $t->git($work, qw(merge -q --no-edit side));
}

my $source = $t->repo('source', build => \&build);

sub repository {
    my ($name, $how) = @_;
    my $repo = $t->repo($name, from => $source->{work}, args => { enable_downloads => JSON::PP::true() });
    my $path = $repo->{path};
    if ($how eq 'loose') {
        my @packs = map {
            my $to = "$spare/" . s{.*/}{}r;
            rename $_, $to;
            /pack$/ ? $to : ()
        } glob "$path/objects/pack/pack-*";
        $t->git($path, { stdin => slurp($_) }, qw(unpack-objects -q)) for @packs;
        unlink glob "$spare/pack-*";
    } else {
        $t->git($path, qw(repack -adfq --write-bitmap-index));
        $t->git($path, qw(pack-refs --all));
        $t->git($path, qw(commit-graph write --reachable));
        spew("$path/new.txt", "new\n");
        my $id = $t->git($path, qw(commit-tree -p HEAD -m Newer HEAD^{tree})) =~ s/\n//r;
        $t->git($path, 'update-ref', 'refs/heads/newer', $id);
        $t->git($path, qw(repack -q));
        $t->git($path, qw(multi-pack-index write));
        unlink "$path/new.txt";
    }
    if ($how eq 'borrowing') {
        mkdir "$path/objects/info";
        spew("$path/objects/info/alternates", "$source->{path}/objects\n");
    }
    $repo->{ids}{$_->[0]} = $t->git($path, 'rev-parse', $_->[1]) =~ s/\n//r for ['ID', 'master'], ['OLD', 'master~2'];
    return $repo;
}

my @repos = map { repository($_, $_) } qw(loose packed borrowing);

# --- what is asked

my @VIEWS = map { "/$_" }
    qw(changeset-diff/@ID@ changeset-diff/tip changeset-diff/@OLD@...@ID@ changeset-patch/@ID@
    changeset-patch/@OLD@...master raw/@ID@/a.txt rawfile/v3/a.bin archive/@ID@.zip archive/tip.tar
    feed/rss feed/atom),
    'diff/a.txt?diff1=@OLD@&diff2=@ID@&diff=raw';
my %CALLS = (
    get_repo_changeset => { revision => 'tip', details => 'full' },
    get_repo_changesets => { start_rev => '0', details => 'extended', limit => 20 },
    get_repo_nodes => { revision => 'tip', root_path => '/' },
    get_repo_refs => {},
);
my @ALL = (@VIEWS, sort keys %CALLS);
my $JSON = JSON::PP->new->utf8->canonical;

# The answer, and the seconds it took.
sub ask {
    my ($repo, $what) = @_;
    my $began = time;
    if (my $args = $CALLS{$what}) {
        $t->call($what => { repoid => $repo->{name}, %$args });
    } else {
        $t->get("/$repo->{name}" . ($what =~ s/\@(\w+)\@/$repo->{ids}{$1}/gr), as => 'admin');
    }
    return ($t->last, time - $began);
}

# true: get_repo_nodes gives the same, but for files that it says are missing.
sub same_but_missing {
    my ($is, $right) = map { $JSON->decode($_)->{result} } @_;
    my %right = map { ($_->{name} => $JSON->encode($_)) } @$right;
    return @$is == @$right && !grep { !$_->{missing} && $JSON->encode($_) ne ($right{ $_->{name} } // '') } @$is;
}

# undef: the answer is right, or says that it is not.
sub fault {
    my ($repo, $what) = @_;
    my ($a, $seconds) = ask($repo, $what);
    return sprintf 'took %.1f s', $seconds if $seconds > $PATIENCE;
    return 'no answer' if !$a->status;
    return undef if $a->body eq $repo->{answers}{$what};
    return undef if $a->status != 200;
    return undef if $CALLS{$what} && $a->json->{error};
    return undef if $what eq 'get_repo_nodes' && same_but_missing($a->body, $repo->{answers}{$what});
    return undef if $a->body =~ / cannot be read\b/;
    return 'another answer: ' . substr $a->body, 0, 100;
}

# --- the mutants

sub random { return int rand $_[0] }

sub patch {
    my ($file, $at, $bytes) = @_;
    open my $fh, '+<:raw', $file or die "$file: $!";
    seek $fh, $at, SEEK_SET;
    print $fh $bytes;
    close $fh;
}

# Each gets the file, a copy of the right one, and changes it; the second: another file of the repository.
my %MUTATIONS = (
    'a bit' => sub {
        my $text = slurp($_[0]);
        my $at = random(length $text);
        patch($_[0], $at, substr($text, $at, 1) ^ chr(1 << random(8)))
    },
    'a byte' => sub { patch($_[0], random(-s $_[0]), chr random(256)) },
    'four bytes' => sub { patch($_[0], random(-s $_[0]), "\xff\xff\xff\xff") },
    'cut' => sub { truncate $_[0], random(-s $_[0]) },
    'empty' => sub { truncate $_[0], 0 },
    'longer' => sub { patch($_[0], -s $_[0], 'x' x 30) },
    'huge' => sub { truncate $_[0], 1 << 40 or truncate $_[0], 1 << 36 },
    'zeros' => sub { my $size = -s $_[0]; spew($_[0], "\0" x $size) },
    'a pipe' => sub { unlink $_[0]; mkfifo($_[0], 0644) or die },
    'a folder' => sub { unlink $_[0]; mkdir $_[0] },
    'a link to another file' => sub { unlink $_[0]; symlink $_[1], $_[0] },
    'a link to nowhere' => sub { unlink $_[0]; symlink '/nowhere', $_[0] },
    'a link to itself' => sub { unlink $_[0]; symlink $_[0], $_[0] },
    'a link to zeros without end' => sub { unlink $_[0]; symlink '/dev/zero', $_[0] },
);
my @MUTATIONS = sort keys %MUTATIONS;

sub files_of {
    my ($path) = @_;
    my @files;
    File::Find::find({ no_chdir => 1,
        wanted => sub { push @files, substr $_, length($path) + 1 if -f && -s _ && !m{/hooks/|/logs/} } }, $path);
    return sort @files;
}

# Each kind of file as often as any other: a repository has many more objects than packs.
sub kind_of {
    my ($file) = @_;
    return $file =~ m{^objects/../} ? 'object' : $file =~ m{^(?:refs/heads|refs/tags|objects/pack/.*\.\w+$)}
        ? $& =~ s{.*\.}{}r : $file;
}

# Another folder of the same content: nothing that the server remembers is about it.
sub fresh {
    my ($repo) = @_;
    system('rm', '-rf', "$spare/old");
    rename $repo->{path}, "$spare/old";
    system('cp', '-a', "$spare/$repo->{name}", $repo->{path}) == 0 or die;
}

# What names things, and holds no sum, can be changed into what is right in itself: then git says so, too.
sub names_of {
    my ($repo) = @_;
    my $r = run({ timeout => 3 }, 'git', '--git-dir', $repo->{path}, 'show-ref', '-d');
    return $r->{out} // $r->{stdout} // '';
}

for my $repo (@repos) {
    ask($repo, $_) for @ALL;
    $repo->{answers}{$_} = (ask($repo, $_))[0]->body for @ALL;
    system('cp', '-a', $repo->{path}, "$spare/$repo->{name}") == 0 or die;
    fresh($repo);
    is_deeply [map { fault($repo, $_) // () } @ALL], [], "$repo->{name}: all is well";
    $repo->{names} = names_of($repo);
    push @{ $repo->{kinds}{ kind_of($_) } }, $_ for files_of($repo->{path});
}

# The repository, the file, another of its kind, and what is asked: what holds the contents of the last commit
# and of an older one. The objects are of one type, so that only their names tell that one is the other.
my @AIMS = (
    sub { ($repos[0], (map { object($repos[0], "$_:a.txt") } qw(master master~2)), @ALL) },
    sub { ($repos[1], @{ $repos[1]{kinds}{pack} }[0, 1], @ALL) },
    sub { ($repos[1], @{ $repos[1]{kinds}{idx} }[0, 1], @ALL) },
);

sub object {
    my ($repo, $rev) = @_;
    return $t->git("$spare/$repo->{name}", 'rev-parse', $rev) =~ s{^(..)(.*)\n}{objects/$1/$2}r;
}

sub anything {
    my $repo = $repos[random(scalar @repos)];
    my @kinds = sort keys %{ $repo->{kinds} };
    my $files = $repo->{kinds}{ $kinds[random(scalar @kinds)] };
    return ($repo, (map { $files->[random(scalar @$files)] } 1, 2), map { $ALL[random(scalar @ALL)] } 1 .. $ASKED);
}

my @mutants = ((map { my $mutation = $_; map { [$mutation, $_] } @AIMS } @MUTATIONS),
    map { [$MUTATIONS[random(scalar @MUTATIONS)], \&anything] } 1 .. $MUTANTS);
my @children = $t->children;
my ($n, $changed, @faults) = (0, 0);
for (@mutants) {
    my ($mutation, $aim) = @$_;
    my ($repo, $file, $other, @questions) = $aim->();
    my $path = "$repo->{path}/$file";

    $n++;
    if (random(2)) { fresh($repo) } else { ask($repo, $ALL[random(scalar @ALL)]) }
    system('cp', '-a', $path, "$spare/mutant") == 0 or die;
    chmod 0644, "$spare/mutant";
    $MUTATIONS{$mutation}->("$spare/mutant", "$repo->{path}/" . ($other eq $file ? 'HEAD' : $other));
    rename $path, "$spare/right" or die;
    rename "$spare/mutant", $path or die "$mutation: $!";
    my @found = map {
        my $f = fault($repo, $_);
        defined $f ? "$_: $f" : ()
    } @questions;
    if (grep { /another answer/ }
        @found and $file
        =~ m{^(?:HEAD|config|packed-refs|shallow|refs/.*|objects/info/alternates)$|^objects/../} and names_of($repo)
        ne $repo->{names}) {
        $changed++;
        @found = grep { !/another answer/ } @found;
    }
    push @faults, map { "$n $repo->{name} $file, $mutation: $_" } @found;
    unlink $path or rmdir $path;
    rename "$spare/right", $path or die "$path: $!";
    last if @faults > 50;
}
note "$n mutants, $changed of them other repositories to git as well";
is_deeply \@faults, [], "$n mutants: answers are right or say that they are not";
is_deeply [$t->children], \@children, 'no child was lost';
fresh($_) for @repos;
for my $repo (@repos) {
    is_deeply [map { fault($repo, $_) // () } @ALL], [], "$repo->{name}: all is well again";
}

$t->done;
done_testing;
