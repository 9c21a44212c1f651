using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Http;

/// <summary>A request's body that comes through a pipe, as the server hands it over.</summary>
internal sealed class PipeBody(PipeReader reader) : IRequestBodyPipeFeature
{
    public PipeReader Reader { get; } = reader;

    public static HttpRequest Request(PipeReader reader)
    {
        var http = new DefaultHttpContext();
        http.Features.Set<IRequestBodyPipeFeature>(new PipeBody(reader));
        return http.Request;
    }
}
