using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Preambles;

namespace Bioproxy.Host.Cluster;

/// <summary>A turn that another proxy holds.</summary>
/// <param name="Proxy">That proxy.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Preambles">Where a preamble goes that was asked for; null when an earlier owner has granted the turn: then it is not known
/// whose prompt it is.</param>
/// <param name="Domain">Whose prompt it is. Null: open to all.</param>
internal readonly record struct GrantedTurn(string Proxy, ModelTurn Turn, PreambleFinder? Preambles, string? Domain)
{
    /// <summary>The model that it is a turn at.</summary>
    public ServedModel? Model { get; init; }

    /// <summary>The answer has ended, and may have brought the preamble.</summary>
    public WorkOutcome Read(TurnOutcome message)
    {
        var outcome = PlacementMessages.Read(message);
        if (outcome is { IsComplete: true, Preamble: { } cut })
            Preambles?.Add(cut, Domain);
        return outcome;
    }
}
