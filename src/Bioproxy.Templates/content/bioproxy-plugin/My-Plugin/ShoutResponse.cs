using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary>Converts the model's answers to capital letters.</summary>
[ResponseTransform("shout")]
public sealed class ShoutResponse : IResponseTransform
{
    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) =>
        channel.Kind == ResponseTextKind.Answer ? new Editor() : null;

    /// <summary>Each text of each response has its own editor, so its fields may hold the state of that text.</summary>
    private sealed class Editor : IResponseEditor
    {
        // A stream chunk can end anywhere: hold back text that can only be judged together with what follows.
        public string Edit(string text) => text.ToUpperInvariant();

        public string Finish() => "";
    }
}
