using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Versioned;

/// <summary>Signs the end of each answer with its version.</summary>
[ResponseTransform("versioned")]
public sealed class VersionedResponse : IResponseTransform
{
    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) =>
        channel.Kind == ResponseTextKind.Answer ? new Signature() : null;

    private sealed class Signature : IResponseEditor
    {
        public string Edit(string text) => text;

        public string Finish() => $" [out {Generation.Name}]";
    }
}
