using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary>Writes what the model answers in capital letters.</summary>
[ResponseTransform("shout")]
public sealed class ShoutResponse : IResponseTransform
{
    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) =>
        channel.Kind == ResponseTextKind.Answer ? new Editor() : null;

    /// <summary>Each text of each response has its own editor, so what belongs to one text may live in its fields.</summary>
    private sealed class Editor : IResponseEditor
    {
        // A piece of a stream ends anywhere: what can only be judged with what follows it is held back until then.
        public string Edit(string text) => text.ToUpperInvariant();

        public string Finish() => "";
    }
}
