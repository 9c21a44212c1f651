using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>The earlier prompt that says most about what a request is.</summary>
/// <param name="Kind">How the two are related.</param>
/// <param name="Shape">What the earlier one looked like.</param>
/// <param name="Side">What it was.</param>
internal readonly record struct Precedent(PrecedentKind Kind, RequestShape Shape, SideKind Side)
{
    /// <summary>The opening of an earlier request of the same conversation that turns out to have been a side request; 0 for
    /// none.</summary>
    public ulong SideOpening { get; init; }
}
