using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>Compares each prompt with the recent ones to tell side requests from conversations, and remembers the openings (system
/// messages) that only side requests had: the next conversation's title is recognised before the conversation's first turn.</summary>
internal sealed class SideRequests(RecentPrompts recent)
{
    private const int MaxOpenings = 256;
    private readonly Lock _lock = new();
    private readonly HashSet<(string? Domain, ulong Opening)> _openings = [];

    /// <param name="prompt">The prompt.</param>
    /// <param name="isSubAgent">The client says that a sub-agent asks.</param>
    public SideKind Recognise(CanonicalPrompt prompt, bool isSubAgent)
    {
        var precedent = recent.PrecedentOf(prompt);
        var shape = prompt.Shape with { IsSubAgent = isSubAgent };
        lock (_lock)
        {
            if (precedent.SideOpening > 0)
            {
                if (_openings.Count >= MaxOpenings)
                    _openings.Clear();
                _openings.Add((prompt.Domain, precedent.SideOpening));
            }

            if (_openings.Count > 0 && shape is { UserTurns: 1, Tools: 0 })
                shape = shape with { HasSideOpening = _openings.Contains((prompt.Domain, prompt.Opening)) };
        }

        return SideRequest.Of(shape, precedent);
    }
}
