using System.Text.Json;
using Bioproxy.Host.Json;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Protocols.Chat;

namespace Bioproxy.Host.WarmUp;

/// <summary>A preamble: one of the prompts that showed it, cut off behind it, goes on in several ways.</summary>
internal sealed class PreambleSource(Preamble preamble) : IWarmUpSource
{
    private readonly Lazy<Rehearsal?> _rehearsal = new(() => Rehearse(preamble.Cut));

    public string Name => preamble.Name;

    public string Label => Snapshot.PreambleLabel;

    public string? Domain => preamble.Domain;

    public Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(CancellationToken cancellationToken) =>
        Task.FromResult<(Rehearsal?, string?)>(_rehearsal.Value is { } rehearsal
            ? (rehearsal, null)
            : (null, "the prompt that showed it cannot be read as a chat"));

    public bool IsOf(Snapshot snapshot) =>
        snapshot.IsPreamble && snapshot.Domain == preamble.Domain && snapshot.Chain.End == preamble.Chain.End;

    public Task<SaveOutcome> SaveAsync(SnapshotWriter writer, int slot, StaticPrefix found, PromptChain chain) =>
        writer.SavePreambleAsync(slot, preamble.Domain, found.Tokens.Length, found.Hash, chain, CancellationToken.None);

    private static Rehearsal? Rehearse(PromptCut cut)
    {
        var bodies = new List<byte[]>();
        foreach (var message in StaticPrefixFinder.Messages)
        {
            if (ChatForm.Of(cut.With(message), cut.Endpoint) is not { } chat)
                return null;
            bodies.Add(JsonSerializer.SerializeToUtf8Bytes(chat, JsonWriting.Relaxed));
        }

        return new Rehearsal(bodies, cut.Text, ChainHash.Of(cut.Text));
    }
}
