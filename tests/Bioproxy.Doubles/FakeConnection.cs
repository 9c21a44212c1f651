using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>One connection to a fake: its requests, one after the other.</summary>
internal sealed class FakeConnection(FakeBackend backend, FakeEndpoints endpoints, Socket socket, int number, CancellationToken killed)
{
    private volatile bool _isBusy;
    private volatile bool _isUnwanted;

    public async Task ServeAsync()
    {
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            var reader = new FakeHttpReader(stream);
            for (var served = 0; !_isUnwanted; served++)
            {
                if (!await ServeOneAsync(stream, reader, served))
                    break;
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (FakeCutException cut)
        {
            Close(cut.IsReset);
        }
        catch (InvalidDataException e)
        {
            backend.AddProblem($"connection {number}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // the client left, or we were killed
        }
        catch (Exception e)
        {
            backend.AddProblem($"connection {number}: {e}");
        }
    }

    /// <summary>Ends the connection: now if it carries no request, else after its answer.</summary>
    public void CloseWhenIdle()
    {
        _isUnwanted = true;
        if (!_isBusy)
            Close(isReset: false);
    }

    public void Close(bool isReset)
    {
        try
        {
            if (isReset)
                socket.LingerState = new LingerOption(true, 0);
            else
                socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it is over already
        }

        socket.Dispose();
    }

    private async Task<bool> ServeOneAsync(NetworkStream stream, FakeHttpReader reader, int served)
    {
        _isBusy = false;
        if (_isUnwanted || await reader.ReadHeadAsync(killed) is not var (method, target, headers))
            return false;
        _isBusy = true;
        if (headers.Exists(h => h.Key.Equals("Expect", StringComparison.OrdinalIgnoreCase)))
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), killed);
        var body = await reader.ReadBodyAsync(headers, killed);
        var request = backend.Record(method, target, headers, body, number, served);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(killed);
        reader.Watch(() =>
        {
            try
            {
                left.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // it left between two requests
            }
        });
        var mayStayOpen = served + 1 < endpoints.Options.MaxRequestsPerConnection
            && !string.Equals(request.Header("Connection"), "close", StringComparison.OrdinalIgnoreCase);
        var response = new FakeResponse(stream, request, request.Script, mayStayOpen);
        try
        {
            await endpoints.HandleAsync(request, response, left.Token, killed);
            return response.MayStayOpen;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            request.WasCancelled = true;
            return false;
        }
        catch (Exception e) when (e is not FakeCutException && !response.HasStarted)
        {
            backend.AddProblem($"{request}: {e}");
            await response.SendAsync(500, "text/plain", Encoding.UTF8.GetBytes(e.Message), killed);
            return false;
        }
        finally
        {
            request.Finish();
        }
    }
}
