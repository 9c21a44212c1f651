namespace Bioproxy.Doubles;

/// <summary>The forms of an answer.</summary>
internal enum FakeShape
{
    /// <summary>llama-server's own <c>/completion</c>.</summary>
    Native,

    /// <summary><c>/v1/completions</c>.</summary>
    Text,

    /// <summary><c>/v1/chat/completions</c>.</summary>
    Chat,

    /// <summary><c>/v1/responses</c>.</summary>
    Responses,

    /// <summary><c>/v1/messages</c>.</summary>
    Messages,
}
