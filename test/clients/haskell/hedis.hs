{-# LANGUAGE OverloadedStrings #-}
-- hedis: hedis PORT CUT_PORT
module Main (main) where

import Control.Concurrent (threadDelay)
import Control.Exception (ErrorCall (ErrorCall), SomeException, try)
import Control.Monad (forM)
import qualified Data.ByteString.Char8 as B
import Data.List (isInfixOf)
import Database.Redis
import System.Environment (getArgs)
import System.IO (BufferMode (LineBuffering), hSetBuffering, stdout)

field :: B.ByteString -> Reply -> Maybe Reply
field name (MultiBulk (Just values)) = lookup (Bulk (Just name)) (zip values (drop 1 values))
field _ _ = Nothing

ask :: Connection -> [B.ByteString] -> IO (Either Reply Reply)
ask shop ws = runRedis shop (sendRequest ws)

step :: String -> IO (Either String String) -> IO ()
step name run = do
  result <- try run :: IO (Either SomeException (Either String String))
  putStrLn $ case result of
    Right (Right remark) -> "ok " ++ name ++ " " ++ remark
    Right (Left what) -> "failed " ++ name ++ " " ++ unwords (lines what)
    Left thrown -> "failed " ++ name ++ " " ++ unwords (lines (show thrown))

expect :: Show a => Bool -> a -> String -> Either String String
expect isTrue what remark = if isTrue then Right remark else Left ("unexpected: " ++ show what)

-- | Asks until there is a reply, and says how many errors came first.
untilAnswered :: Connection -> [B.ByteString] -> Int -> IO (Either Reply Reply, Int)
untilAnswered shop ws errors = do
  result <- try (ask shop ws) :: IO (Either SomeException (Either Reply Reply))
  case result of
    Right reply -> return (reply, errors)
    Left thrown | errors > 50 -> fail (show thrown)
    Left _ -> threadDelay 100000 >> untilAnswered shop ws (errors + 1)

remarkOf :: Int -> String
remarkOf 0 = "no error"
remarkOf errors = show errors ++ " errors"

buy, buyCut :: [B.ByteString]
buy = ["PURCHASE", "1001", "2", "ORDER", "buy-1"]
buyCut = ["PURCHASE", "1001", "1", "ORDER", "cut-1"]

main :: IO ()
main = do
  hSetBuffering stdout LineBuffering
  [port, cutPort] <- getArgs
  let to number password =
        connect defaultConnectInfo
          { connectPort = PortNumber (fromIntegral (read number :: Int)), connectAuth = password }
  -- hedis knows no user: a token of LOGIN is its password.
  stranger <- to port Nothing
  Right login <- ask stranger ["LOGIN", "alice", "wonderland"]
  let token = case field "token" login of
        Just (Bulk text) -> text
        _ -> Nothing
  shop <- to port token
  step "connect" $ do
    reply <- ask shop ["WHOAMI"]
    return $ expect ((field "user" <$> reply) == Right (Just (Bulk (Just "alice")))) reply "with a token"
  step "inventory" $ do
    reply <- ask shop ["INVENTORY", "1001"]
    return $ case reply of
      Right (MultiBulk (Just [item])) ->
        expect (field "name" item == Just (Bulk (Just "K\xc3\xa4se"))) item ""
      _ -> Left (show reply)
  bought <- ask shop buy
  let at = either (const Nothing) (field "at") bought
  step "purchase" $
    return $ expect ((field "replayed" <$> bought) == Right (Just (Integer 0))) bought ""
  step "replay" $ do
    reply <- ask shop buy
    return $ case reply of
      Right receipt ->
        expect (field "replayed" receipt == Just (Integer 1) && field "at" receipt == at) receipt ""
      Left refused -> Left (show refused)
  step "refusal" $ do
    reply <- ask shop ["PURCHASE", "1002", "9", "ORDER", "refused-1"]
    return $ case reply of
      Right (Error text) -> expect ("NOSTOCK " `B.isPrefixOf` text) text "Error"
      _ -> Left (show reply)
  step "pipeline" $ do
    let ids = [B.pack ("pipe-" ++ show index) | index <- [0 .. 999 :: Int]]
    -- hedis sends what one runRedis asks without waiting for the replies.
    replies <- runRedis shop $ forM ids $ \order ->
      sendRequest ["PURCHASE", "1001", "1", "ORDER", order]
    let orders = map (either (const Nothing) (field "order")) (replies :: [Either Reply Reply])
    return $ expect (orders == map (Just . Bulk . Just) ids) (take 1 replies) ""
  step "transaction" $ do
    reply <- runRedis shop $ multiExec $ do
      one <- sendRequest ["PURCHASE", "1001", "1", "ORDER", "tx-1"]
      two <- sendRequest ["PURCHASE", "1001", "1", "ORDER", "tx-2"]
      return ((,) <$> one <*> two)
    return $ case reply of
      TxSuccess (one, two) ->
        expect (map (field "order") [one, two] == map (Just . Bulk . Just) ["tx-1", "tx-2"]) [one, two] ""
      TxAborted -> Left "aborted"
      TxError text -> Left text
  step "abort" $ do
    reply <- try $ runRedis shop $ multiExec $ do
      one <- sendRequest ["PURCHASE", "1001", "1", "ORDER", "abort-1"]
      two <- sendRequest ["PURCHASE", "1001", "none"]
      return ((,) <$> one <*> two)
    return $ case reply of
      Left (ErrorCall text) -> expect ("EXECABORT" `isInfixOf` text) text "ErrorCall"
      Right (TxSuccess replies) -> Left (show (replies :: (Reply, Reply)))
      Right _ -> Right "TxError"
  step "restart" $ do
    putStrLn "restart"
    _ <- getLine
    (reply, errors) <- untilAnswered shop ["ORDER", "buy-1"] 0
    return $ expect ((field "at" <$> reply) == Right at) reply (remarkOf errors)
  step "cut" $ do
    other <- to cutPort token
    (reply, errors) <- untilAnswered other buyCut 0
    let remark = if errors == 0 then "sends again" else "tells"
    return $ expect ((field "replayed" <$> reply) == Right (Just (Integer 1))) reply remark
  step "close" $ disconnect shop >> return (Right "")
