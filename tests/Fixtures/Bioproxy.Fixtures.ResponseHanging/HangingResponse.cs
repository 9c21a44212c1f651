using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.ResponseHanging;

/// <summary>Blocks its thread on the first piece of every answer, until the process ends.</summary>
[ResponseTransform("response-hanging")]
public sealed class HangingResponse : IResponseTransform
{
    private static readonly ManualResetEvent Never = new(false);

    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => new Editor();

    private sealed class Editor : IResponseEditor
    {
        public string Edit(string text)
        {
            Never.WaitOne();
            return text;
        }

        public string Finish() => "";
    }
}
