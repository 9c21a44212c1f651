using System.Globalization;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Doctor;

/// <summary>
/// Tests and measures on a running llama-server what the proxy relies on, with prompts of random words. Every step is bounded in time; a
/// step that fails is recorded, and the others continue.
/// </summary>
internal sealed class Examination(ISlotApi client, BackendMonitor monitor, BackendOptions server, TimeProvider time)
{
    public const string FileName = "bioproxy-doctor.bin";

    private const int ShortLength = 64;
    private const int CanaryLength = 1500;

    /// <summary>Longer than the default batch (2,048), and longer than the window of most sliding-window models plus a batch (1,536 for
    /// Gemma 3).</summary>
    private const int LongLength = 2600;

    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(3);

    private readonly SlotFolder? _folder = server.SlotDirectory is { } path ? new SlotFolder(path, FileName) : null;

    /// <summary>The tokens left in each slot that was used; a different number means that another client used the slot.</summary>
    private readonly Dictionary<int, int> _held = [];

    private IReadOnlyList<SlotRow> _before = [];
    private Measurements _found = new() { Server = server, Backend = BackendState.NotAsked };

    public async Task<Measurements> RunAsync(CancellationToken cancellationToken)
    {
        var state = await LookAsync(cancellationToken).ConfigureAwait(false);
        _found = _found with { Backend = state };
        if (state is not { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true, IsRouter: false, CanReadSlots: true } facts })
            return _found;
        var slot = await IdleSlotAsync(cancellationToken).ConfigureAwait(false);
        await MeasureAsync(facts, slot, cancellationToken).ConfigureAwait(false);
        if (_folder is not null)
            _found = _found with { Folder = _folder.Look((_found.Saved ?? _found.ShortFile)?.Bytes) };
        if (_held.Count > 0)
            await CleanUpAsync(facts, cancellationToken).ConfigureAwait(false);
        return _found;
    }

    private async Task MeasureAsync(BackendFacts facts, int slot, CancellationToken cancellationToken)
    {
        var answer = await client.TokenizeAsync(Canary.Words(20_000, Random.Shared), cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } tokens)
        {
            Fail("canary", answer.Problem);
            return;
        }

        var canary = new Canary(tokens);
        var room = (facts.ContextPerSlot ?? 4096) / 3;
        if (room < 2 * ShortLength || !canary.Has(CanaryLength + LongLength))
        {
            const string Remedy = "start llama-server with a larger -c";
            Fail("canary", $"a context of {facts.ContextPerSlot} tokens per slot is too small to measure anything; {Remedy}");
            return;
        }

        // The time of the first few tokens decides how long a canary this machine can process.
        if (await EvaluateAsync("canary", canary.Prompt(ShortLength), slot, 0, cancellationToken).ConfigureAwait(false) is not { } first)
            return;
        if (facts.CanSaveSlots)
        {
            _folder?.Delete(); // a file of an earlier run would look like a new one
            _found = _found with { ShortFile = (await client.SaveAsync(slot, FileName, cancellationToken).ConfigureAwait(false)).Value };
        }

        var prompt = canary.Prompt(Math.Min(room, (int)Math.Clamp(first.TokensPerSecond * 20, 400, CanaryLength)));
        var cold = await EvaluateAsync("prefill", prompt, slot, 0, cancellationToken).ConfigureAwait(false);
        _found = _found with { Cold = cold };
        if (cold is null)
            return;
        if (facts.CanSaveSlots)
        {
            if (await SaveAndRestoreAsync(slot, prompt, canary, cancellationToken).ConfigureAwait(false) is not { } held)
                return;
            prompt = held;
        }

        var length = cold.TokensPerSecond * 15 < LongLength || room < LongLength ? cold.ComputedTokens : LongLength;
        var other = canary.Prompt(length);
        if (!await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false))
            return;
        _found = _found with { Other = await EvaluateAsync("another prompt", other, slot, 0, cancellationToken).ConfigureAwait(false) };
        if (_found.Other is null || !await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false))
            return;

        // To a third: for models that need them, the server keeps checkpoints close to the end of a prompt, which would hide that it cannot
        // go back.
        var third = length / 3;
        var back = canary.Continue(other.AsSpan(0, third));
        _found = _found with { GoneBack = await EvaluateAsync("going back", back, slot, third, cancellationToken).ConfigureAwait(false) };

        // Pinned to a slot with content: the server does not search its RAM cache for a request that is pinned to an empty slot.
        if (_found.GoneBack is null || !await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false))
            return;
        var again = canary.Continue(prompt);
        var displaced = await EvaluateAsync("RAM cache", again, slot, prompt.Length, cancellationToken).ConfigureAwait(false);
        _found = _found with { Displaced = displaced };
        if (displaced is not null)
            await ShareAsync(slot, canary, cancellationToken).ConfigureAwait(false);
    }

    /// <returns>What the slot holds afterwards; null when another client used the slot.</returns>
    private async Task<int[]?> SaveAndRestoreAsync(int slot, int[] prompt, Canary canary, CancellationToken cancellationToken)
    {
        if (!await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false))
            return null;
        var saved = await client.SaveAsync(slot, FileName, cancellationToken).ConfigureAwait(false);
        if (saved.Value is not { } file || file.Tokens < prompt.Length)
        {
            _found = _found with { ShortFile = null }; // its file was overwritten
            Fail("save", saved.Problem ?? $"llama-server saved {saved.Value!.Tokens} of {prompt.Length} tokens");
            return prompt;
        }

        _found = _found with { Saved = file };
        if (!await client.EraseAsync(slot, cancellationToken).ConfigureAwait(false))
        {
            Fail("restore", "the slot could not be erased first");
            return prompt;
        }

        var restored = await client.RestoreAsync(slot, FileName, cancellationToken).ConfigureAwait(false);
        _found = _found with { Restored = restored.Value };
        if (restored.Value is null)
        {
            // The slot is empty now: fill it again with what the next step evicts.
            Fail("restore", restored.Problem);
            return await EvaluateAsync("prefill", prompt, slot, 0, cancellationToken).ConfigureAwait(false) is null ? null : prompt;
        }

        if (!await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false))
            return null;
        var next = canary.Continue(prompt);
        var after = await EvaluateAsync("restore", next, slot, prompt.Length, cancellationToken).ConfigureAwait(false);
        _found = _found with { AfterRestore = after };
        return after is null ? null : next;
    }

    /// <summary>Whether an idle slot is emptied when another starts, as with a unified KV cache. An untouched slot that still has its
    /// content disproves it; otherwise an empty slot is used, so that no client loses its cache.</summary>
    private async Task ShareAsync(int slot, Canary canary, CancellationToken cancellationToken)
    {
        var rows = (await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false)).Value ?? [];
        var others = rows.Where(row => row.Id != slot && !row.IsProcessing).ToList();
        if (others.Find(row => row.PromptTokens > 0 && _before.Contains(row)) is { PromptTokens: { } kept })
        {
            _found = _found with { Idle = (kept, false) };
            return;
        }

        if (others.Find(row => row.PromptTokens is null or 0) is not { } empty
            || !await IsStillOursAsync(slot, cancellationToken).ConfigureAwait(false)
            || await EvaluateAsync("idle slots", canary.Prompt(ShortLength), empty.Id, 0, cancellationToken).ConfigureAwait(false) is null)
            return;
        var after = await HeldAsync(slot, cancellationToken).ConfigureAwait(false);
        if (after == _held[slot] || after == 0)
            _found = _found with { Idle = (_held[slot], after == 0) };
    }

    private async Task CleanUpAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        var done = new List<string>();
        foreach (var (slot, tokens) in _held.OrderBy(held => held.Key))
        {
            // The random words stay in a slot that held a client's prompt: the server does not search its RAM cache for a prompt that
            // returns to an empty slot.
            if (_before.Any(row => row.Id == slot && row.PromptTokens > ShortLength))
                done.Add($"random words are left in slot {slot}, whose earlier prompt may come back from the RAM cache");
            else if (facts.CanSaveSlots
                && await HeldAsync(slot, cancellationToken).ConfigureAwait(false) == tokens
                && await client.EraseAsync(slot, cancellationToken).ConfigureAwait(false))
                done.Add($"erased slot {slot}");
        }

        if (!facts.CanSaveSlots)
        {
            const string Left = "llama-server erases slots only with --slot-save-path: random words are left until the next prompt";
            _found = _found with { CleanUp = Left };
            return;
        }

        if (_found.Saved is not null || _found.ShortFile is not null)
            done.Add(await TidyFileAsync(cancellationToken).ConfigureAwait(false));
        _found = _found with { CleanUp = done.Count > 0 ? string.Join("; ", done) : null };
    }

    private async Task<string> TidyFileAsync(CancellationToken cancellationToken)
    {
        if (_folder?.Delete() == true && _found.Folder is { HasFile: true })
            return $"deleted {FileName}";

        // llama-server cannot delete files, but saving an empty slot under the same name shrinks the file to a few bytes.
        var bytes = (_found.Saved ?? _found.ShortFile)!.Bytes;
        var rows = (await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false)).Value ?? [];
        if (rows.FirstOrDefault(row => row is { IsProcessing: false, PromptTokens: null or 0 }) is { } slot
            && await client.SaveAsync(slot.Id, FileName, cancellationToken).ConfigureAwait(false) is { Value: { Tokens: 0 } empty })
            bytes = empty.Bytes;
        return $"{FileName} ({Figures.Bytes(bytes)}) is left in the folder of --slot-save-path: llama-server cannot delete files";
    }

    /// <summary>The state of the backend; a sleeping one is woken up.</summary>
    private async Task<BackendState> LookAsync(CancellationToken cancellationToken)
    {
        var state = await monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (state.Status != BackendStatus.Sleeping)
            return state;
        await monitor.WakeAsync(cancellationToken).ConfigureAwait(false);
        return monitor.State;
    }

    /// <summary>An idle slot, preferably an empty one, so that no client loses a hot prompt; the first when none becomes idle.</summary>
    private async Task<int> IdleSlotAsync(CancellationToken cancellationToken)
    {
        for (var begun = time.GetTimestamp(); time.GetElapsedTime(begun) < IdleLimit;)
        {
            _before = (await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false)).Value ?? [];
            if (_before.Where(row => !row.IsProcessing).MinBy(row => row.PromptTokens ?? 0) is { } idle)
                return idle.Id;

            // Polling more often would keep the server from noticing clients that left.
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
        }

        _found = _found with { IsBusy = true };
        return 0;
    }

    private async Task<Evaluation?> EvaluateAsync(string step, int[] prompt, int slot, int known, CancellationToken cancellationToken)
    {
        var watch = new StepWatch(time);
        var answer = await TimedAsync(prompt, slot, watch.Step, cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } result)
        {
            Fail(step, answer.Problem);
            return null;
        }

        _held[slot] = prompt.Length;
        return watch.End(known, result);
    }

    private async Task<BackendAnswer<EvaluationResult>> TimedAsync(
        int[] prompt, int? slot, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StepLimit);
        try
        {
            return await client.EvaluateAsync(prompt, slot, mayReuse: true, progress, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var limitText = string.Create(CultureInfo.InvariantCulture, $"{StepLimit.TotalMinutes:0} minutes");
            return new(null, 0, $"{prompt.Length} tokens were not computed within {limitText}", TransportFault.AnswerTimedOut, null);
        }
    }

    private async Task<bool> IsStillOursAsync(int slot, CancellationToken cancellationToken)
    {
        var held = await HeldAsync(slot, cancellationToken).ConfigureAwait(false);
        if (held is null)
            Fail("slots", "the slot list could not be read");
        else if (held != _held[slot])
            _found = _found with { IsDisturbed = true };
        return held == _held[slot];
    }

    private async Task<int?> HeldAsync(int slot, CancellationToken cancellationToken)
    {
        var rows = await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false);
        return rows.Value?.FirstOrDefault(row => row.Id == slot) is { } found ? found.PromptTokens ?? 0 : null;
    }

    private void Fail(string step, string? problem) =>
        _found = _found with { Failures = [.. _found.Failures, (step, problem ?? "no answer")] };
}
