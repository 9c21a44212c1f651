using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using static Bioproxy.Host.Doctor.Figures;

namespace Bioproxy.Host.Doctor;

/// <summary>Turns measurements into findings and recommendations. Pure: no clock, no network.</summary>
internal sealed class Diagnosis
{
    /// <summary>Tokens of the conversation that examples are calculated for.</summary>
    private const int ConversationLength = 8000;

    /// <summary>The default of <c>-ub</c>: smaller batches would make prefill slower.</summary>
    private const int SmallBatch = 512;

    /// <summary>llama-server notices a client that left after the batch; a slot that stays busy for this long does no harm.</summary>
    private const double LongBatchSeconds = 2;

    /// <summary>A state has recurrent layers when at least this share of it does not grow with the prompt (measured: mamba 0.65, sliding
    /// window 0.02).</summary>
    private const double RecurrentShare = 0.4;

    private readonly Measurements _found;
    private readonly List<Finding> _findings = [];
    private readonly List<string> _changes = [];

    private Diagnosis(Measurements found) => _found = found;

    public static Report Of(Measurements found)
    {
        var diagnosis = new Diagnosis(found);
        foreach (var (finding, change) in ServerFindings.Of(found))
            diagnosis.Say(finding.Verdict, finding.What, finding.Text, change);
        if (found.Backend is { Status: BackendStatus.Ready, Facts: { CanReadSlots: true } facts })
        {
            diagnosis.Failures();
            diagnosis.Prefill();
            diagnosis.SaveAndRestore(facts);
            diagnosis.GoingBack();
            diagnosis.RamCache();
            diagnosis.Slots(facts);
            diagnosis.Folder(facts);
            if (found.CleanUp is { } done)
                diagnosis.Say(Verdict.Info, "clean-up", done);
        }

        return new Report(diagnosis._findings, diagnosis._changes);
    }

    private void Failures()
    {
        if (_found.IsBusy)
            Say(Verdict.Info, "busy", "no slot became idle within 30 s: the results may be inaccurate");
        foreach (var (step, problem) in _found.Failures)
            Say(Verdict.Bad, step, $"failed: {problem}");
        if (_found.IsDisturbed)
        {
            Say(Verdict.Bad, "disturbed", "another client used the slot in the meantime, so not everything was measured",
                "Run the doctor at a time when nobody uses llama-server.");
        }
    }

    private void Prefill()
    {
        if (_found.Cold is not { } cold)
            return;
        var speed = $"{Figures.Count(cold.TokensPerSecond)} tokens/s";
        Say(Verdict.Info, "prefill", $"{Number(cold.ComputedTokens, "token")} in {Time(cold.Duration)}: {speed}");
        var longest = new[] { cold, _found.Other }.OfType<Evaluation>().MaxBy(each => each.LongestStepDuration)!;
        if (longest.LongestStep == 0)
            return;
        var text = $"up to {Number(longest.LongestStep, "token")} at once, {Time(longest.LongestStepDuration)}";
        if (longest.LongestStep <= SmallBatch || longest.LongestStepDuration.TotalSeconds < LongBatchSeconds)
        {
            Say(Verdict.Ok, "batch", text);
            return;
        }

        var then = longest.LongestStepDuration.TotalSeconds * SmallBatch / longest.LongestStep;
        Say(Verdict.Slow, "batch", text,
            $"Start llama-server with -b {SmallBatch}. A batch took {Time(longest.LongestStepDuration)}; that is how long a restore can "
            + "be delayed, "
            + $"and how long a slot stays busy after its client has left. With -b {SmallBatch} it is about {Figures.Time(then)}.");
    }

    private void SaveAndRestore(BackendFacts facts)
    {
        var length = Length(facts);
        var conversation = $"a conversation of {Number(length, "token")}";
        if (!facts.CanSaveSlots)
        {
            var costs = _found.Cold is { } known
                ? $" costs {Figures.Time(length / known.TokensPerSecond)} of prefill"
                : " is computed again";
            Say(Verdict.Slow, "save", "not possible: no --slot-save-path",
                (_found.Server.IsPooled
                    ? $"Add --slot-save-path {CommandLineText.Slots} to {_found.Server.UrlKey}.command. "
                    : $"Start llama-server with --slot-save-path FOLDER, and set {_found.Server.SlotDirectoryKey} to the same folder. ")
                + $"Without it {conversation}{costs} after every restart and whenever its slot was needed; a saved state is read back "
                + "from disk instead.");
            return;
        }

        if (!_found.KvEnabled)
            Say(Verdict.Info, "kv.enabled", "is false: the proxy saves and restores nothing, whatever the following results");
        if (_found.Saved is not { } saved)
            return;
        Say(
            Verdict.Ok,
            "save",
            $"{Number(saved.Tokens, "token")}, {Figures.Bytes(saved.Bytes)} in {Time(saved.Duration)} ({Speed(saved)}); "
            + $"each token adds {Figures.Bytes(BytesPerToken(saved))}");
        if (_found.Cold is { } cold && _found.Restored is { } restored && _found.AfterRestore is { } after)
            Restore(cold, saved, restored, after, length);
    }

    private void Restore(Evaluation cold, SlotFileResult saved, SlotFileResult restored, Evaluation after, int length)
    {
        var text = $"{Figures.Bytes(restored.Bytes)} in {Time(restored.Duration)} ({Speed(restored)}) "
            + $"instead of {Time(cold.Duration)} of prefill; {Reuse(after)}";
        if (!after.IsReused)
        {
            Say(Verdict.Bad, "restore", text,
                "Update llama-server: this build restores states but computes them again, as some builds before mid-2026 did with "
                + "sliding-window and "
                + "recurrent models.");
            return;
        }

        if (cold.Duration <= restored.Duration)
        {
            Say(Verdict.Slow, "restore", text,
                $"Put the folder of --slot-save-path on a faster disk: restoring took {Time(restored.Duration)}, computing only "
                + $"{Time(cold.Duration)}.");
            return;
        }

        Say(Verdict.Ok, "restore", text);
        var bytes = saved.Bytes + ((length - saved.Tokens) * BytesPerToken(saved));
        Say(
            Verdict.Info,
            "benefit",
            $"a conversation of {Number(length, "token")} takes {Figures.Time(length / cold.TokensPerSecond)} to compute; its state is "
            + "about "
            + $"{Figures.Bytes(bytes)}, read back in about {Figures.Time(restored.Duration.TotalSeconds * bytes / restored.Bytes)}");
    }

    private void GoingBack()
    {
        if (_found.GoneBack is not { } back)
            return;
        var other = _found.Other!;
        var all = other.KnownTokens + other.CachedTokens + other.ComputedTokens;
        var text = $"to token {Figures.Count(back.KnownTokens)} of {Figures.Count(all)}: {Reuse(back)}";
        if (back.IsReused)
            Say(Verdict.Ok, "going back", text);
        else if (_found.Saved is { } saved && BytesPerToken(saved) * saved.Tokens < saved.Bytes * (1 - RecurrentShare))
        {
            Say(
                Verdict.Info,
                "going back",
                $"{text}; the state hardly grows with the prompt, so this is a recurrent model: it can only continue, and no flag changes "
                + "that");
        }
        else
        {
            Say(Verdict.Slow, "going back", text,
                "Start llama-server with --swa-full if the model has a sliding window (Gemma, gpt-oss and others). It cannot go back in "
                + "its state now: "
                + $"{Number(back.ComputedTokens, "token")} were computed again in {Time(back.Duration)}, as happens whenever an earlier "
                + "message is edited "
                + "or two conversations share only a prompt prefix. The flag takes more memory, and has no effect on a recurrent model.");
        }
    }

    private void RamCache()
    {
        if (_found.Displaced is not { } displaced)
            return;
        var text = $"a prompt that had lost its slot: {Reuse(displaced)}, {Time(displaced.Duration)}";
        if (displaced.IsReused)
            Say(Verdict.Ok, "RAM cache", text);
        else
        {
            Say(Verdict.Slow, "RAM cache", text,
                "Start llama-server with --cache-ram 8192 (MiB; the default), or more than now. It is off or too small: a prompt that had "
                + "lost its slot "
                + $"took {Time(displaced.Duration)} again, although it could have been copied back from memory.");
        }
    }

    private void Slots(BackendFacts facts)
    {
        var context = facts.ContextPerSlot is { } tokens ? $"-c {2 * tokens}" : "twice the -c";
        if (facts.TotalSlots == 1)
        {
            var length = Length(facts);
            var costs = _found.Cold is { } cold
                ? $" (a prompt of {Number(length, "token")} alone takes {Figures.Time(length / cold.TokensPerSecond)})"
                : string.Empty;
            Say(Verdict.Slow, "idle slots", "all requests share one slot",
                $"Start llama-server with -np 2 (or more) and {context} when several people ask, or one person in several conversations: "
                + "-c is divided "
                + $"among the slots. With one slot every request waits until the one before has its whole answer{costs}, and each prompt "
                + "replaces the last.");
        }
        else if (_found.Idle is { } idle)
        {
            IdleSlots(idle.Tokens, idle.IsEmptied, context);
        }
        else if (_found is { IsDisturbed: false, Failures.Count: 0 })
        {
            Say(Verdict.Info, "idle slots", "not tested: no other slot was empty, or kept its prompt the whole time");
        }
    }

    private void IdleSlots(int tokens, bool isEmptied, string context)
    {
        if (!isEmptied)
        {
            Say(Verdict.Ok, "idle slots", $"{Number(tokens, "token")} stayed in one slot while another worked");
            return;
        }

        var back = _found.Displaced is { IsReused: true } displaced
            ? $"copying them back from memory ({Time(displaced.Duration)} here, with {Number(displaced.ComputedTokens, "new token")})"
            : "computing them again";
        Say(
            Verdict.Slow,
            "idle slots",
            $"{Number(tokens, "token")} of one slot were dropped when another started: all slots share one KV cache",
            $"Start llama-server with -np 2 (or as many as ask at once) and {context}: -c is divided among the slots. Without -np they "
            + "share one KV cache, "
            + $"and an idle slot is emptied whenever another starts; with -np, {Number(tokens, "token")} would have stayed hot, which "
            + $"saves {back}, "
            + "or restoring them.");
    }

    private void Folder(BackendFacts facts)
    {
        var server = _found.Server;
        var what = server.Name == BackendOptions.DefaultName ? server.SlotDirectoryKey : "slot_directory";
        if (_found.Folder is not { } folder)
        {
            if (facts.CanSaveSlots)
                Say(Verdict.Info, what, "not configured: old snapshots cannot be deleted, nor checked before they are restored");
            return;
        }

        var remedy = server.IsPooled
            ? $"Write --slot-save-path {CommandLineText.Slots} in {server.UrlKey}.command"
            : $"Set {server.SlotDirectoryKey} to the folder of llama-server's --slot-save-path";
        if (!folder.Exists)
        {
            Say(Verdict.Bad, what, $"{folder.Path} does not exist", $"{remedy}.");
            return;
        }

        if (folder.HasFile == false)
        {
            Say(Verdict.Bad, what, $"the file that llama-server saved did not appear in {folder.Path}",
                server.IsPooled ? $"{remedy}." : $"{remedy}, or remove the key if the proxy cannot reach that folder.");
            return;
        }

        var room = folder.FreeBytes is { } free ? $"{Figures.Bytes(free)} free" : "free space unknown";
        var context = facts.ContextPerSlot ?? ConversationLength;
        var whole = _found.Saved is { } saved ? saved.Bytes + ((context - saved.Tokens) * BytesPerToken(saved)) : 0;
        var text = whole > 0 ? $"{folder.Path}: {room}; the state of a full slot is {Figures.Bytes(whole)}" : $"{folder.Path}: {room}";
        if (folder.FreeBytes < whole)
            Say(Verdict.Bad, what, text, $"Make room in {folder.Path}: the next save may fail.");
        else
            Say(Verdict.Ok, what, text);
        if (folder.IsOpen)
        {
            Say(Verdict.Info, "private", $"every user of this machine can read the states in {folder.Path}",
                $"chmod o-rwx {folder.Path}: a saved state contains its prompt, and every user of this machine can read it.");
        }
    }

    /// <summary>How much a state grows with each token; a part of it may exist from the first token on.</summary>
    private double BytesPerToken(SlotFileResult saved) => _found.ShortFile is { } first && first.Tokens < saved.Tokens
        ? (double)(saved.Bytes - first.Bytes) / (saved.Tokens - first.Tokens)
        : (double)saved.Bytes / saved.Tokens;

    private static int Length(BackendFacts facts) => Math.Min(facts.ContextPerSlot ?? ConversationLength, ConversationLength);

    private static string Reuse(Evaluation each)
    {
        var reused = Math.Min(each.CachedTokens, each.KnownTokens);
        var percent = 100.0 * reused / Math.Max(each.KnownTokens, 1);
        return $"{Figures.Count(reused)} of {Number(each.KnownTokens, "token")} reused ({percent:0} %)";
    }

    private static string Speed(SlotFileResult file) => $"{Figures.Bytes(file.Bytes / Math.Max(file.Duration.TotalSeconds, 0.0001))}/s";

    private static string Time(TimeSpan time) => Figures.Time(time.TotalSeconds);

    private void Say(Verdict verdict, string what, string text, string? change = null)
    {
        _findings.Add(new Finding(verdict, what, text));
        if (change is not null)
            _changes.Add(change);
    }
}
