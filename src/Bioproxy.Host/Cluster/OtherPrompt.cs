using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Cluster;

/// <summary>
/// The prompt of a request that came through another proxy, at the owner of its model. Clients go round all proxies, so a proxy alone
/// cannot tell a side request from a conversation, or what conversations begin with: the owner sees all prompts of its models, those of
/// its own clients among them, and compares. On disposal the prompt joins the recent ones.
/// </summary>
internal sealed class OtherPrompt : IDisposable
{
    private readonly ConversationTracker? _conversations;
    private int? _newPreamble;

    /// <exception cref="InvalidDataException">The message contradicts itself: another version made it.</exception>
    public OtherPrompt(TurnRequest request, ConversationTracker? conversations)
    {
        _conversations = conversations;
        Prompt = PromptMessages.Read(request.Prompt, request.Domain);
        if (Prompt is not null)
            conversations?.RecogniseOther(Prompt);
    }

    public CanonicalPrompt? Prompt { get; }

    /// <summary>The placement, with the question for the preamble where the prompt shows a new one. A prompt is compared once.</summary>
    public Placement Ask(Placement placement, PreambleFinder preambles)
    {
        _newPreamble ??= Prompt is null ? 0 : preambles.Compare(Prompt);
        return _newPreamble > 0 ? placement with { NewPreamble = _newPreamble.Value } : placement;
    }

    public void Dispose()
    {
        if (Prompt is null)
            return;
        if (_conversations is null)
            Prompt.Dispose();
        else
            _conversations.Keep(Prompt);
    }
}
