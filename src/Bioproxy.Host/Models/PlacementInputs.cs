using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Recognition;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>Collects what a plan needs to know besides the slots: which snapshots fit the prompt, and what may be saved.</summary>
internal sealed class PlacementInputs(ModelContext context, SlotTable table, ModelRecognition recognition, ConversationSaver saver)
{
    private readonly ProxyOptions _options = context.Options;

    /// <param name="prompt">The prompt; null when nothing of it may be reused.</param>
    /// <param name="domain">Whose state may be reused, besides everybody's.</param>
    /// <param name="lane">Whose work it is.</param>
    /// <param name="mayRestore">A snapshot may be restored.</param>
    /// <param name="maySave">What the prompt displaces may be saved first.</param>
    /// <param name="isEstimate">Nothing is going to be restored now: the files are not looked at.</param>
    public (PlanContext Context, Snapshot? Whole, Snapshot? Partial) For(
        CanonicalPrompt? prompt, string? domain, Lane lane, bool mayRestore, bool maySave, bool isEstimate = false)
    {
        var rates = context.Rates.Now;
        var now = context.Uptime.Seconds;
        if (prompt is null)
            return (new PlanContext { Rates = rates, Now = now, Domain = domain }, null, null);
        var fingerprint = mayRestore && _options.KvEnabled && context.Effectiveness.Disabled is null ? recognition.Fingerprint : null;
        var onDisk = fingerprint is null ? null : context.Snapshots.Find(prompt, fingerprint, context.Place);
        var whole = isEstimate ? onDisk?.Whole : Usable(onDisk?.Whole);
        var through = lane != Lane.WarmUp && onDisk?.Through is { } longer
            && longer.Shared > (whole?.Chain.Length ?? 0) && (isEstimate || Usable(longer.Snapshot) is not null)
                ? longer
                : default((Snapshot Snapshot, int Shared)?);
        var plan = new PlanContext
        {
            Whole = whole is null ? default : new(whole.Chain.Length, whole.Chain.Length * rates.TokensPerByte, whole.Bytes, IsWhole: true),
            WholeChain = whole?.Chain,
            Partial = through is { } found
                ? new(found.Shared, found.Shared * rates.TokensPerByte, found.Snapshot.Bytes, IsWhole: false)
                : default,
            Rates = rates,
            Now = now,
            LeastSaved = maySave && !IsShort((int)(prompt.Chain.Length * rates.TokensPerByte)) ? saver.LeastTokens : 0,
            SavesAll = _options.KvSave == SaveMode.Always,
        };
        return (plan, whole, through?.Snapshot);
    }

    /// <summary>What a slot holds once this prompt has been computed in it.</summary>
    public SlotContent ContentOf(CanonicalPrompt prompt, SlotWork work, Snapshot? whole)
    {
        var side = prompt.Side == SideKind.None && table.IsBesideItsConversation(prompt) ? SideKind.Beside : prompt.Side;
        return new SlotContent(prompt.Chain, 1, IsSaved: false)
        {
            Domain = prompt.Domain,
            Session = prompt.Session,
            Tools = prompt.Shape.Tools,
            Opening = prompt.Session is null ? 0 : prompt.Opening,
            FirstMessage = prompt.Session is null ? 0 : prompt.FirstMessage,
            Turns = work.IsOwn ? 0 : prompt.Turns,
            Saved = whole?.SavedPrefix,
            IsSide = side != SideKind.None && !prompt.IsRepeated, // the answer's tokens show whether it is too short to be kept
            Side = side,
            IsRepeated = prompt.IsRepeated,
        };
    }

    /// <summary>Too short to wait until what it displaces is saved. A long side request waits: what it displaces is worth more than the
    /// seconds.</summary>
    private bool IsShort(int tokens) => tokens < _options.KvMinTokens;

    private Snapshot? Usable(Snapshot? snapshot)
    {
        if (snapshot is null || context.Snapshots.HasFile(snapshot))
            return snapshot;
        context.Snapshots.ReportMissing(snapshot);
        return null;
    }
}
