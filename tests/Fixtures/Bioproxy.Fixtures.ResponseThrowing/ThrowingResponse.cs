using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.ResponseThrowing;

/// <summary>Fails on the first piece of every answer.</summary>
[ResponseTransform("response-throwing")]
public sealed class ThrowingResponse : IResponseTransform
{
    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => new Editor();

    private sealed class Editor : IResponseEditor
    {
        public string Edit(string text) => throw new InvalidOperationException("this editor always fails");

        public string Finish() => "";
    }
}
