namespace Bioproxy.Host.Prompts;

/// <summary>Where in its body a raw completion has its prompt.</summary>
internal enum PromptForm
{
    /// <summary>The endpoint's usual member.</summary>
    Usual,

    /// <summary>The <c>content</c> of /tokenize.</summary>
    Content,

    /// <summary>The code around the gap that /infill fills. Plugins can edit it; triggers mean nothing in code.</summary>
    Infill,
}
