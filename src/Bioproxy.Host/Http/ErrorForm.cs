namespace Bioproxy.Host.Http;

/// <summary>In which protocol a client expects to be told of an error.</summary>
internal enum ErrorForm
{
    /// <summary>OpenAI's <c>{"error":{…}}</c>, with a code for programs.</summary>
    OpenAi,

    /// <summary>llama-server's own: the same with the status as the code.</summary>
    LlamaServer,

    /// <summary>OpenAI's, and in a stream the events of /v1/responses.</summary>
    Responses,

    /// <summary>Anthropic's <c>{"type":"error","error":{…}}</c>, and in a stream an event of that name.</summary>
    Anthropic,
}
