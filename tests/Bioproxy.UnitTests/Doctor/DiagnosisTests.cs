using Bioproxy.Host;
using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;

namespace Bioproxy.UnitTests.Doctor;

public sealed class DiagnosisTests
{
    private static readonly BackendFacts Facts = new()
    {
        IsLlamaServer = true,
        Build = "b1",
        ModelAlias = "m",
        TotalSlots = 2,
        ContextPerSlot = 8192,
        CanReadSlots = true,
        CanSaveSlots = true,
    };

    private static readonly BackendOptions Desk = new("desk", new Uri("http://b:1/"));

    private static readonly FolderFacts Folder = new("/slots", Exists: true, HasFile: true, IsOpen: false, FreeBytes: 50_000_000_000);

    /// <summary>A dense 8B model on a good machine: everything works.</summary>
    private static readonly Measurements Well = new()
    {
        Server = new BackendOptions(BackendOptions.DefaultName, new Uri("http://b:1/")),
        Backend = new BackendState(BackendStatus.Ready, Facts, null),
        Cold = Evaluated(known: 0, cached: 0, computed: 1500, milliseconds: 3000, longest: 512),
        ShortFile = File(tokens: 64, bytes: 6_400_000, milliseconds: 2),
        Saved = File(tokens: 1500, bytes: 150_000_000, milliseconds: 100),
        Restored = File(tokens: 1500, bytes: 150_000_000, milliseconds: 50),
        AfterRestore = Evaluated(known: 1500, cached: 1500, computed: 32, milliseconds: 60),
        Other = Evaluated(known: 0, cached: 1, computed: 2599, milliseconds: 5200, longest: 512),
        GoneBack = Evaluated(known: 866, cached: 866, computed: 32, milliseconds: 60),
        Displaced = Evaluated(known: 1532, cached: 1532, computed: 32, milliseconds: 80),
        Idle = (1564, IsEmptied: false),
        Folder = Folder,
        CleanUp = "erased slot 0",
    };

    [Fact]
    public void Of_EverythingWell_NothingToChange()
    {
        var report = Diagnosis.Of(Well);

        Assert.Equal(0, report.ExitCode);
        Assert.Empty(report.Changes);
        Assert.Equal(
            """
            ok    backend       llama-server b1, model m, 2 slots of 8,192 tokens
            info  prefill       1,500 tokens in 3.0 s: 500 tokens/s
            ok    batch         up to 512 tokens at once, 1.0 s
            ok    save          1,500 tokens, 150 MB in 100 ms (1.5 GB/s); each token adds 100 KB
            ok    restore       150 MB in 50 ms (3.0 GB/s) instead of 3.0 s of prefill; 1,500 of 1,500 tokens reused (100 %)
            info  benefit       a conversation of 8,000 tokens takes 16 s to compute; its state is about 800 MB, read back in about 267 ms
            ok    going back    to token 866 of 2,600: 866 of 866 tokens reused (100 %)
            ok    RAM cache     a prompt that had lost its slot: 1,532 of 1,532 tokens reused (100 %), 80 ms
            ok    idle slots    1,564 tokens stayed in one slot while another worked
            ok    kv.directory  /slots: 50 GB free; the state of a full slot is 819 MB
            info  clean-up      erased slot 0

            Nothing to change.

            """,
            Written(report),
            ignoreLineEndingDifferences: true);
    }

    /// <summary>What differs from a server where all is well, the exit code, the check that shows it, and what the only change
    /// says.</summary>
    public static TheoryData<string, int, string, string, string[]> Cases() => new()
    {
        { "cannot save", 3, "slow", "save", ["--slot-save-path", "8,000 tokens costs 16 s"] },
        { "slow batch", 3, "slow", "batch", ["-b 512", "8.2 s", "2.1 s"] },
        { "cannot go back", 3, "slow", "going back", ["--swa-full", "898 tokens", "1.8 s"] },
        { "no RAM cache", 3, "slow", "RAM cache", ["--cache-ram", "3.1 s"] },
        { "unified", 3, "slow", "idle slots", ["-np 2", "-c 16384", "1,564 tokens", "80 ms"] },
        { "one slot", 3, "slow", "idle slots", ["-np 2", "-c 16384", "takes 16 s"] },
        { "slow disk", 3, "slow", "restore", ["--slot-save-path", "9.0 s", "3.0 s"] },
        { "readable", 3, "info", "private", ["chmod o-rwx /slots"] },
        { "no effect", 1, "bad", "restore", ["Update llama-server"] },
        { "no folder", 1, "bad", "kv.directory", ["kv.directory", "--slot-save-path"] },
        { "another folder", 1, "bad", "kv.directory", ["kv.directory", "--slot-save-path"] },
        { "full disk", 1, "bad", "kv.directory", ["Make room"] },
        { "disturbed", 1, "bad", "disturbed", ["nobody uses"] },
        { "unreachable", 1, "bad", "backend", ["backend_url"] },
        { "loading", 1, "bad", "backend", ["Wait"] },
        { "router", 1, "bad", "backend", ["kind", "router"] },
        { "other server", 1, "bad", "backend", ["backend_url"] },
        { "key", 1, "bad", "backend", ["backend_api_key"] },
        { "one of several, unreachable", 1, "bad", "backend", ["backends.desk.url"] },
        { "one of several, other server", 1, "bad", "backend", ["backends.desk.url", "\"openai\""] },
        { "one of several, key", 1, "bad", "backend", ["backends.desk.api_key"] },
        { "one of several, another folder", 1, "bad", "slot_directory", ["backends.desk.slot_directory", "--slot-save-path"] },
        { "pooled, cannot save", 3, "slow", "save", ["--slot-save-path ${slots}", "pool.models.desk.command"] },
        { "pooled, another folder", 1, "bad", "slot_directory", ["--slot-save-path ${slots}", "pool.models.desk.command"] },
        { "no slots", 3, "slow", "slots", ["--no-slots"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_OneThingWrong_SaysWhatToChange(string what, int exitCode, string verdict, string check, string[] words)
    {
        var report = Diagnosis.Of(Found(what));

        Assert.Equal(exitCode, report.ExitCode);
        Assert.Contains(
            report.Findings,
            finding => finding.What == check
                && string.Equals(finding.Verdict.ToString(), verdict, StringComparison.OrdinalIgnoreCase));
        var change = Assert.Single(report.Changes);
        Assert.All(words, word => Assert.Contains(word, change, StringComparison.Ordinal));
        Assert.Contains("1. ", Written(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ollama")]
    [InlineData("openai")]
    public void Of_KindWithoutSlots_IsNothingToChange(string kind)
    {
        var report = Diagnosis.Of(kind == "ollama"
            ? Unmeasured(new BackendState(
                BackendStatus.Ready, new BackendFacts { IsOllama = true, IsRouter = true, IsSelfManaged = true }, null))
            : Unmeasured(new BackendState(BackendStatus.Ready, new BackendFacts { IsSelfManaged = true }, null)));

        Assert.Equal(0, report.ExitCode);
        Assert.Equal(Verdict.Info, Assert.Single(report.Findings).Verdict);
    }

    [Fact]
    public void Of_RecurrentModel_CannotGoBackAndNoFlagIsNamed()
    {
        var report = Diagnosis.Of(Well with
        {
            ShortFile = File(tokens: 64, bytes: 311_872, milliseconds: 1),
            Saved = File(tokens: 1501, bytes: 473_432, milliseconds: 1),
            GoneBack = Evaluated(known: 867, cached: 0, computed: 899, milliseconds: 254),
        });

        Assert.Equal(0, report.ExitCode);
        Assert.Contains(report.Findings, finding => finding is { Verdict: Verdict.Info, What: "going back" });
    }

    [Fact]
    public void Of_StepFailed_IsBrokenAndTheRestIsTold()
    {
        var report = Diagnosis.Of(Well with
        {
            Saved = null,
            Restored = null,
            AfterRestore = null,
            Failures = [("save", "disk full")],
            Folder = Folder with { HasFile = null },
        });

        Assert.Equal(1, report.ExitCode);
        Assert.Contains(report.Findings, finding => finding is { Verdict: Verdict.Bad, What: "save", Text: "failed: disk full" });
        Assert.Contains(report.Findings, finding => finding is { Verdict: Verdict.Ok, What: "RAM cache" });
        Assert.Contains("Nothing else to change.", Written(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Busy_IsToldAndNotHeldAgainstTheServer()
    {
        var report = Diagnosis.Of(Well with { IsBusy = true, Idle = null });

        Assert.Equal(0, report.ExitCode);
        Assert.Contains(report.Findings, finding => finding is { Verdict: Verdict.Info, What: "busy" });
        Assert.Contains(report.Findings, finding => finding is { Verdict: Verdict.Info, What: "idle slots" });
    }

    private static Measurements Found(string what) => what.Split(", ") switch
    {
        ["one of several", var rest] => FoundAlone(rest) with { Server = Desk },
        ["pooled", var rest] => FoundAlone(rest) with { Server = Desk with { IsPooled = true } },
        _ => FoundAlone(what),
    };

    private static Measurements FoundAlone(string what) => what switch
    {
        "cannot save" => With(Facts with { CanSaveSlots = false }) with
        {
            ShortFile = null,
            Saved = null,
            Restored = null,
            AfterRestore = null,
            Folder = null,
        },
        "slow batch" => Well with { Other = Well.Other! with { LongestStep = 2048, LongestStepDuration = TimeSpan.FromSeconds(8.2) } },
        "cannot go back" => Well with { GoneBack = Evaluated(known: 866, cached: 0, computed: 898, milliseconds: 1800) },
        "no RAM cache" => Well with { Displaced = Evaluated(known: 1532, cached: 1, computed: 1563, milliseconds: 3100) },
        "unified" => Well with { Idle = (1564, IsEmptied: true) },
        "one slot" => With(Facts with { TotalSlots = 1 }) with { Idle = null },
        "slow disk" => Well with { Restored = File(tokens: 1500, bytes: 150_000_000, milliseconds: 9000) },
        "readable" => Well with { Folder = Folder with { IsOpen = true } },
        "no effect" => Well with { AfterRestore = Evaluated(known: 1500, cached: 0, computed: 1532, milliseconds: 3000) },
        "no folder" => Well with { Folder = Folder with { Exists = false, HasFile = false } },
        "another folder" => Well with { Folder = Folder with { HasFile = false } },
        "full disk" => Well with { Folder = Folder with { FreeBytes = 700_000_000 } },
        "disturbed" => Well with { IsDisturbed = true, Displaced = null },
        "unreachable" => Unmeasured(new BackendState(BackendStatus.Unreachable, null, "connection refused")),
        "loading" => Unmeasured(new BackendState(BackendStatus.Loading, null, null)),
        "router" => Unmeasured(new BackendState(BackendStatus.Ready, new BackendFacts { IsLlamaServer = true, IsRouter = true }, null)),
        "other server" => Unmeasured(new BackendState(BackendStatus.Ready, new BackendFacts(), null)),
        "key" => Unmeasured(new BackendState(BackendStatus.Ready, new BackendFacts(), "the backend refused /props")),
        "no slots" => Unmeasured(new BackendState(BackendStatus.Ready, Facts with { CanReadSlots = false, CanSaveSlots = false }, null)),
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    private static Measurements With(BackendFacts facts) => Well with { Backend = new BackendState(BackendStatus.Ready, facts, null) };

    private static Measurements Unmeasured(BackendState state) => new() { Server = Well.Server, Backend = state };

    private static Evaluation Evaluated(int known, int cached, int computed, int milliseconds, int longest = 32) =>
        new(
            known,
            cached,
            computed,
            TimeSpan.FromMilliseconds(milliseconds),
            longest,
            TimeSpan.FromMilliseconds((double)milliseconds * longest / computed));

    private static SlotFileResult File(int tokens, long bytes, int milliseconds) =>
        new(tokens, bytes, TimeSpan.FromMilliseconds(milliseconds));

    private static string Written(Report report)
    {
        using var writer = new StringWriter();
        DoctorCommand.Print(report, new Terminal(writer, Terminal.Unlimited, hasColour: false));
        return writer.ToString();
    }
}
