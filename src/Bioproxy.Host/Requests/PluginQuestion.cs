using System.Net;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>A plugin's question, ready for steps 4 to 8 of the path.</summary>
/// <param name="Path">The backend's path.</param>
/// <param name="Head">What goes to the backend beside the body.</param>
/// <param name="Body">The body.</param>
/// <param name="Address">The address of the client on whose behalf it is asked; null for none.</param>
/// <param name="Answer">Takes the answer.</param>
internal sealed record PluginQuestion(string Path, RequestHead Head, ReadOnlyMemory<byte> Body, IPAddress? Address, QuestionSink Answer);
