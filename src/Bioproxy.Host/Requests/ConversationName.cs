using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>What explanations call a conversation: the key that its client gave, else one derived from how it begins. Few names are ever
/// read, so they are derived when they are.</summary>
/// <param name="Key">The client's key; null when it gave none.</param>
/// <param name="Domain">Whose conversation it is.</param>
/// <param name="Opening">See <see cref="CanonicalPrompt.Opening"/>.</param>
/// <param name="FirstMessage">See <see cref="CanonicalPrompt.FirstMessage"/>.</param>
internal readonly record struct ConversationName(string? Key, string? Domain = null, ulong Opening = 0, ulong FirstMessage = 0)
{
    public static ConversationName Of(CanonicalPrompt prompt) => prompt.Session is { } key
        ? new ConversationName(key)
        : new ConversationName(null, prompt.Domain, prompt.Opening, prompt.FirstMessage);

    public override string ToString() => Key ?? ConversationKey.Derived(Domain, Opening, FirstMessage);
}
